/** Auto Scaling's lists as collections, and what its pages do. */
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  DescribeWarmPoolCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
  type AutoScalingGroup,
  type Instance,
} from '@aws-sdk/client-auto-scaling'
import { clientOf } from './clients.ts'
import { collection, collectionRefresh, paged } from './collection.ts'

const client = (): AutoScalingClient =>
  clientOf('autoscaling', (config) => new AutoScalingClient(config))

/** With the instances of its warm pool, which are not among the group's own. */
export type ShownGroup = AutoScalingGroup & { pooled?: readonly Instance[] }

async function withPool(group: AutoScalingGroup): Promise<ShownGroup> {
  const { AutoScalingGroupName, WarmPoolConfiguration: pool } = group
  if (!pool) return group
  const { Instances } = await client().send(new DescribeWarmPoolCommand({ AutoScalingGroupName }))
  return { ...group, pooled: Instances ?? [] }
}

export const scalingGroups = collection<ShownGroup>({
  name: 'scaling groups',
  kinds: ['scalingGroup', 'scalingInstance'],
  idOf: (item) => item.AutoScalingGroupName ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await client().send(new DescribeAutoScalingGroupsCommand({ NextToken }))
      const items = await Promise.all((page.AutoScalingGroups ?? []).map(withPool))
      return { items, next: page.NextToken }
    }),
})

/** What the detail of a group shows beside it. */
export async function groupStory(name: string) {
  const of = { AutoScalingGroupName: name }
  const [activities, policies, schedules, refreshes] = await Promise.all([
    client().send(new DescribeScalingActivitiesCommand({ ...of, MaxRecords: 50 })),
    client().send(new DescribePoliciesCommand(of)),
    client().send(new DescribeScheduledActionsCommand(of)),
    client().send(new DescribeInstanceRefreshesCommand({ ...of, MaxRecords: 20 })),
  ])
  return {
    activities: activities.Activities ?? [],
    policies: policies.ScalingPolicies ?? [],
    schedules: schedules.ScheduledUpdateGroupActions ?? [],
    refreshes: refreshes.InstanceRefreshes ?? [],
  }
}

export interface GroupWish {
  name: string
  templateId: string
  zones: readonly string[]
  min: number
  desired: number
  max: number
}

function wishInput({ name, templateId, zones, min, desired, max }: GroupWish) {
  return {
    AutoScalingGroupName: name,
    MinSize: min,
    MaxSize: max,
    DesiredCapacity: desired,
    ...(templateId && {
      LaunchTemplate: { LaunchTemplateId: templateId, Version: '$Default' },
    }),
    ...(zones.length > 0 && { AvailabilityZones: [...zones] }),
  }
}

export async function groupMake(wish: GroupWish): Promise<void> {
  await client().send(new CreateAutoScalingGroupCommand(wishInput(wish)))
  await collectionRefresh(scalingGroups)
}

/** What it launches from and where stays, unless it is said. */
export async function groupEdit(wish: GroupWish): Promise<void> {
  await client().send(new UpdateAutoScalingGroupCommand(wishInput(wish)))
  await collectionRefresh(scalingGroups)
}

export async function groupDesire(name: string, desired: number): Promise<void> {
  const input = { AutoScalingGroupName: name, DesiredCapacity: desired }
  await client().send(new SetDesiredCapacityCommand(input))
  await collectionRefresh(scalingGroups)
}

export async function groupRefresh(name: string): Promise<void> {
  await client().send(new StartInstanceRefreshCommand({ AutoScalingGroupName: name }))
}

export async function groupDelete(name: string): Promise<void> {
  const input = { AutoScalingGroupName: name, ForceDelete: true }
  await client().send(new DeleteAutoScalingGroupCommand(input))
  await collectionRefresh(scalingGroups)
}
