/**
 * What Auto Scaling's operations need: the group that the input names, by its ARN with its tags; for launches from a
 * template what RunInstances needs, for a role handed over `iam:PassRole`. Source: service authorization reference,
 * "Amazon EC2 Auto Scaling", and user guide, "Launch template support".
 */
import { configurationsFind } from '../../app/autoscaling/configurations.ts'
import { groupFind } from '../../app/autoscaling/scope.ts'
import type { Ctx } from '../../app/context.ts'
import {
  groupArn,
  launchConfigurationArn,
  parsePolicyArn,
  groupNameOf,
} from '../../domain/autoscaling/arn.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'
import { ec2Wanted } from '../ec2/authorisation.ts'

type Input = Readonly<Record<string, unknown>>

/** More of either is refused by the operation itself (group-input.ts). */
const SUBNETS_MAX = 20
const CHOICES_MAX = 80

export const autoscalingWanted: Deriver = async (ctx, operation, input) => {
  const action = `autoscaling:${operation}`
  const keys = { ...requestTagKeys(input), ...ownKeys(input) }
  const [type] = resourceTypesOf('autoscaling', operation)
  if (type === undefined) return [{ action, resource: '*', keys }]
  if (type === 'launchConfiguration') {
    const wanted = { action, resource: await configurationArn(ctx, input), keys }
    return [wanted, ...(operation.startsWith('Create') ? await profileWanted(ctx, input) : [])]
  }
  const names = await groupNames(ctx, input)
  const wanted = await Promise.all(
    names.map(async (name): Promise<Wanted> => {
      const group = await groupFind(ctx, name)
      const own = Object.entries(group?.tags ?? {}).flatMap(([key, value]) => [
        [`aws:ResourceTag/${key}`, value],
        [`autoscaling:ResourceTag/${key}`, value],
      ])
      const resource = group
        ? groupArn(group)
        : groupArn({ ...ctx, id: '*', name: groupNameOf(name) })
      return { action, resource, keys: { ...keys, ...Object.fromEntries(own) } }
    }),
  )
  return [...wanted, ...(await launchWanted(ctx, input)), ...rolesWanted(input)]
}

async function groupNames(ctx: Ctx, input: Input): Promise<string[]> {
  const { AutoScalingGroupName: name, InstanceId: id, PolicyName: policy, Tags: tags } = input
  if (typeof name === 'string') return [name]
  if (Array.isArray(tags)) {
    return [...new Set((tags as { ResourceId?: string }[]).map((tag) => tag.ResourceId ?? '*'))]
  }
  if (typeof id === 'string') {
    const one = await ctx.app.store.get('scalingInstance', id)
    const isOwn = one?.account === ctx.account && one.region === ctx.region
    return [isOwn ? one.groupName : '*']
  }
  return [(typeof policy === 'string' && parsePolicyArn(policy)?.groupName) || '*']
}

async function configurationArn(ctx: Ctx, input: Input): Promise<string> {
  const name = String(input.LaunchConfigurationName ?? '*')
  const [found] = await configurationsFind(ctx, [name])
  return launchConfigurationArn(found ?? { ...ctx, id: '*', name })
}

const text = (value: unknown): string | undefined =>
  value === undefined ? undefined : String(value)

const texts = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.length > 0 ? value.map(String) : undefined

function ownKeys(input: Input): Wanted['keys'] {
  const metadata = input.MetadataOptions as Record<string, unknown> | undefined
  const policy = input.MixedInstancesPolicy as MixedInput | undefined
  const template = choicesOf(input)[0]?.LaunchTemplate
  const zones = text(input.VPCZoneIdentifier)
  const types = policy?.LaunchTemplate?.Overrides?.flatMap(({ InstanceType }) => InstanceType ?? [])
  const sources = input.TrafficSources as { Identifier?: string }[] | undefined
  return {
    'autoscaling:MinSize': text(input.MinSize),
    'autoscaling:MaxSize': text(input.MaxSize),
    'autoscaling:ImageId': text(input.ImageId),
    'autoscaling:InstanceType': text(input.InstanceType),
    'autoscaling:InstanceTypes': texts(types),
    'autoscaling:LaunchConfigurationName': text(input.LaunchConfigurationName),
    'autoscaling:LaunchTemplateVersionSpecified':
      template && String(/^\d+$/.test(template.Version ?? '')),
    'autoscaling:LoadBalancerNames': texts(input.LoadBalancerNames),
    'autoscaling:MetadataHttpEndpoint': text(metadata?.HttpEndpoint),
    'autoscaling:MetadataHttpPutResponseHopLimit': text(metadata?.HttpPutResponseHopLimit),
    'autoscaling:MetadataHttpTokens': text(metadata?.HttpTokens),
    'autoscaling:SpotPrice': text(input.SpotPrice),
    'autoscaling:TargetGroupARNs': texts(input.TargetGroupARNs),
    'autoscaling:TrafficSourceIdentifiers': texts(sources?.map((one) => one.Identifier)),
    'autoscaling:VPCZoneIdentifiers': zones?.split(',').map((one) => one.trim()),
  }
}

interface TemplateInput {
  LaunchTemplateId?: string
  LaunchTemplateName?: string
  Version?: string
}

interface MixedInput {
  LaunchTemplate?: {
    LaunchTemplateSpecification?: TemplateInput
    Overrides?: {
      InstanceType?: string
      ImageId?: string
      LaunchTemplateSpecification?: TemplateInput
    }[]
  }
}

interface LaunchChoice {
  LaunchTemplate: TemplateInput
  InstanceType?: string
  ImageId?: string
}

/** Everything that instances may be launched from: what an override says must be allowed too. */
function choicesOf(input: Input): LaunchChoice[] {
  const desired = (input.DesiredConfiguration ?? {}) as Input
  return [input, desired].flatMap(({ LaunchTemplate, MixedInstancesPolicy }) => {
    const own = LaunchTemplate ? [{ LaunchTemplate: LaunchTemplate as TemplateInput }] : []
    const mixed = (MixedInstancesPolicy as MixedInput | undefined)?.LaunchTemplate
    const base = mixed?.LaunchTemplateSpecification
    if (!base) return own
    const overrides = mixed.Overrides ?? []
    if (overrides.length === 0) return [...own, { LaunchTemplate: base }]
    const choices = overrides.map(({ LaunchTemplateSpecification, InstanceType, ImageId }) => ({
      LaunchTemplate: LaunchTemplateSpecification ?? base,
      ...(InstanceType !== undefined && { InstanceType }),
      ...(ImageId !== undefined && { ImageId }),
    }))
    return [...own, ...choices]
  })
}

/** Who has a group launch must be allowed to launch all of it, in each of its subnets. */
async function launchWanted(ctx: Ctx, input: Input): Promise<Wanted[]> {
  const named = String(input.VPCZoneIdentifier ?? '').split(',')
  const subnets = named.map((one) => one.trim()).slice(0, SUBNETS_MAX)
  const wanted: Wanted[] = []
  for (const choice of choicesOf(input).slice(0, CHOICES_MAX)) {
    for (const SubnetId of subnets) {
      const where = SubnetId === '' ? {} : { SubnetId }
      const launch = { ...choice, ...where, MinCount: 1, MaxCount: 1 }
      wanted.push(...(await ec2Wanted(ctx, 'RunInstances', launch)))
    }
  }
  return wanted
}

/** A launch configuration hands its profile's role to instances: nobody may who may not pass it. */
async function profileWanted(ctx: Ctx, { IamInstanceProfile: profile }: Input): Promise<Wanted[]> {
  if (typeof profile !== 'string') return []
  const IamInstanceProfile = profile.startsWith('arn:') ? { Arn: profile } : { Name: profile }
  const wanted = await ec2Wanted(ctx, 'RunInstances', {
    IamInstanceProfile,
    MinCount: 1,
    MaxCount: 1,
  })
  return wanted.filter(({ action }) => action === 'iam:PassRole')
}

function rolesWanted(input: Input): Wanted[] {
  const hooks = (input.LifecycleHookSpecificationList ?? []) as { RoleARN?: string }[]
  const arns = [input.RoleARN, ...hooks.map((hook) => hook.RoleARN)]
  return arns
    .filter((arn): arn is string => typeof arn === 'string')
    .map((resource) => ({
      action: 'iam:PassRole',
      resource,
      keys: { 'iam:PassedToService': 'autoscaling.amazonaws.com' },
    }))
}
