/** ARNs of Auto Scaling, made and read. */
interface Place {
  account: string
  region: string
  id: string
}

const stem = ({ account, region }: Place): string => `arn:aws:autoscaling:${region}:${account}`

export function groupArn(group: Place & { name: string }): string {
  return `${stem(group)}:autoScalingGroup:${group.id}:autoScalingGroupName/${group.name}`
}

export function launchConfigurationArn(one: Place & { name: string }): string {
  return `${stem(one)}:launchConfiguration:${one.id}:launchConfigurationName/${one.name}`
}

export function policyArn(policy: Place & { groupName: string; name: string }): string {
  const { id, groupName, name } = policy
  return `${stem(policy)}:scalingPolicy:${id}:autoScalingGroupName/${groupName}:policyName/${name}`
}

export function scheduleArn(one: Place & { groupName: string; name: string }): string {
  const { id, groupName, name } = one
  const of = `autoScalingGroupName/${groupName}:scheduledActionName/${name}`
  return `${stem(one)}:scheduledUpdateGroupAction:${id}:${of}`
}

export interface PolicyArn extends Place {
  groupName: string
  name: string
}

const POLICY =
  /^arn:aws:autoscaling:([a-z0-9-]+):(\d{12}):scalingPolicy:([0-9a-f-]{36}):autoScalingGroupName\/(.+):policyName\/(.+)$/
const GROUP =
  /^arn:aws:autoscaling:[a-z0-9-]+:\d{12}:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\/(.+)$/

export function parsePolicyArn(arn: string): PolicyArn | undefined {
  const match = POLICY.exec(arn)
  if (!match) return undefined
  const [, region, account, id, groupName, name] = match as unknown as string[]
  return { region: region!, account: account!, id: id!, groupName: groupName!, name: name! }
}

/** A group by its name, wherever AWS takes the ARN as well. */
export function groupNameOf(text: string): string {
  return GROUP.exec(text)?.[1] ?? text
}
