/**
 * What the operations of Elastic Load Balancing need: load balancers, listeners, rules and target groups by their ARNs,
 * with tags; what an operation is about to make has the name it will have, or `*` for the rest. Source: service
 * authorization reference, "Actions, resources, and condition keys for Elastic Load Balancing V2".
 */
import type { Ctx } from '../../app/context.ts'
import { elbTagged } from '../../app/balancers/tags.ts'
import { FaultError } from '../../domain/faults.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'

type Input = Readonly<Record<string, any>>

/** Members that name what an operation is about, one or a list. */
const NAMING = [
  'LoadBalancerArn',
  'ListenerArn',
  'RuleArn',
  'TargetGroupArn',
  'ResourceArns',
  'ResourceArn',
]

export const elbv2Wanted: Deriver = async (ctx, operation, input) => {
  const action = `elasticloadbalancing:${operation}`
  const keys = { ...requestTagKeys(input), ...ownKeys(input) }
  // AWS has no resource-level permissions for what only reads.
  if (/^(?:Describe|Get)/.test(operation)) return [{ action, resource: '*', keys }]
  const resources = resourcesOf(ctx, operation, input)
  const wanted = await Promise.all(
    resources.map(async (resource): Promise<Wanted> => {
      return { action, resource, keys: { ...keys, ...(await tagKeys(ctx, resource)) } }
    }),
  )
  return [...wanted, ...taggingWanted(operation, input, resources, keys)]
}

function resourcesOf(ctx: Ctx, operation: string, input: Input): string[] {
  const arn = (rest: string): string =>
    `arn:aws:elasticloadbalancing:${ctx.region}:${ctx.account}:${rest}`
  const path = String(input.LoadBalancerArn ?? '').split(':loadbalancer/')[1] ?? 'app/*/*'
  const listener = String(input.ListenerArn ?? '').split(':listener/')[1] ?? 'app/*/*/*'
  if (operation === 'CreateLoadBalancer') {
    const kind = input.Type === 'network' ? 'net' : 'app'
    return [arn(`loadbalancer/${kind}/${input.Name}/*`)]
  }
  if (operation === 'CreateTargetGroup') return [arn(`targetgroup/${input.Name}/*`)]
  if (operation === 'CreateListener')
    return [String(input.LoadBalancerArn), arn(`listener/${path}/*`)]
  if (operation === 'CreateRule')
    return [String(input.ListenerArn), arn(`listener-rule/${listener}/*`)]
  const ordered = (input.RulePriorities ?? []) as Input[]
  const named = [
    ...NAMING.flatMap((member) => (input[member] ?? []) as string | string[]),
    ...ordered.map(({ RuleArn }) => String(RuleArn)),
  ]
  return named.length > 0 ? [...new Set(named)] : ['*']
}

/** Who makes something with tags must be allowed to tag it: `AddTags` with the operation as its occasion. */
function taggingWanted(
  operation: string,
  input: Input,
  resources: readonly string[],
  keys: Wanted['keys'],
): Wanted[] {
  if (!operation.startsWith('Create') || !Array.isArray(input.Tags) || input.Tags.length === 0) {
    return []
  }
  const resource = resources.at(-1)!
  const occasion = { ...keys, 'elasticloadbalancing:CreateAction': operation }
  return [{ action: 'elasticloadbalancing:AddTags', resource, keys: occasion }]
}

function ownKeys(input: Input): Wanted['keys'] {
  const mapped = (input.SubnetMappings ?? []) as { SubnetId?: string }[]
  const subnets = [
    ...((input.Subnets ?? []) as string[]),
    ...mapped.map((one) => one.SubnetId ?? ''),
  ]
  const groups = (input.SecurityGroups ?? []) as string[]
  const one = (member: string) =>
    typeof input[member] === 'string' ? (input[member] as string) : undefined
  return {
    'elasticloadbalancing:Scheme': one('Scheme'),
    'elasticloadbalancing:ListenerProtocol': one('Protocol'),
    'elasticloadbalancing:SecurityPolicy': one('SslPolicy'),
    'elasticloadbalancing:Subnet': subnets.length > 0 ? subnets : undefined,
    'elasticloadbalancing:SecurityGroup': groups.length > 0 ? groups : undefined,
  }
}

async function tagKeys(ctx: Ctx, arn: string): Promise<Wanted['keys']> {
  if (arn.includes('*')) return {}
  try {
    const { resource } = await elbTagged(ctx, arn)
    return Object.fromEntries(
      Object.entries(resource.tags).flatMap(([key, value]) => [
        [`aws:ResourceTag/${key}`, value],
        [`elasticloadbalancing:ResourceTag/${key}`, value],
      ]),
    )
  } catch (error) {
    // Not there: nothing to say of it.
    if (error instanceof FaultError) return {}
    throw error
  }
}
