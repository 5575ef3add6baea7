/** ARNs and names of load balancers and what belongs to them, as AWS shapes them. */
import type { Listener, ListenerRule, LoadBalancer, TargetGroup } from './records.ts'

type Place = { account: string; region: string }
type BalancerName = Place & Pick<LoadBalancer, 'id' | 'name' | 'type'>

const prefixOf = ({ account, region }: Place): string =>
  `arn:aws:elasticloadbalancing:${region}:${account}:`

const shortOf = ({ type }: Pick<LoadBalancer, 'type'>): string =>
  type === 'application' ? 'app' : 'net'

/** `app/name/50dc6c495c0c9188`: also what metrics and interfaces call it. */
export const balancerPath = (one: BalancerName): string => `${shortOf(one)}/${one.name}/${one.id}`

export const balancerArn = (one: BalancerName): string =>
  `${prefixOf(one)}loadbalancer/${balancerPath(one)}`

export const listenerArn = (balancer: BalancerName, { id }: Pick<Listener, 'id'>): string =>
  `${prefixOf(balancer)}listener/${balancerPath(balancer)}/${id}`

export const ruleArn = (
  balancer: BalancerName,
  { listenerId, id }: Pick<ListenerRule, 'listenerId' | 'id'>,
): string => `${prefixOf(balancer)}listener-rule/${balancerPath(balancer)}/${listenerId}/${id}`

/** `targetgroup/name/73e2d6bc24d8a067`. */
export const groupPath = ({ name, id }: Pick<TargetGroup, 'name' | 'id'>): string =>
  `targetgroup/${name}/${id}`

export const groupArn = (one: Place & Pick<TargetGroup, 'id' | 'name'>): string =>
  `${prefixOf(one)}${groupPath(one)}`

export interface ElbArn extends Place {
  kind: 'loadBalancer' | 'listener' | 'listenerRule' | 'targetGroup'
  name: string
  /** Of the thing itself, the last of the ARN. */
  id: string
  balancerId: string | null
  listenerId: string | null
}

const ID = '[0-9a-f]{16}'
const NAME = '[A-Za-z0-9-]{1,32}'
const SHAPES: readonly [ElbArn['kind'], RegExp][] = [
  ['loadBalancer', new RegExp(`^loadbalancer/(?:app|net)/(?<name>${NAME})/(?<id>${ID})$`)],
  [
    'listener',
    new RegExp(`^listener/(?:app|net)/(?<name>${NAME})/(?<balancer>${ID})/(?<id>${ID})$`),
  ],
  [
    'listenerRule',
    new RegExp(
      `^listener-rule/(?:app|net)/(?<name>${NAME})/(?<balancer>${ID})/(?<listener>${ID})/(?<id>${ID})$`,
    ),
  ],
  ['targetGroup', new RegExp(`^targetgroup/(?<name>${NAME})/(?<id>${ID})$`)],
]

/** Undefined: not one of Elastic Load Balancing's. */
export function parseElbArn(arn: string): ElbArn | undefined {
  const [, region, account, rest] =
    /^arn:aws:elasticloadbalancing:([a-z0-9-]+):(\d{12}):(.+)$/.exec(arn) ?? []
  if (region === undefined || account === undefined || rest === undefined) return undefined
  for (const [kind, shape] of SHAPES) {
    const groups = shape.exec(rest)?.groups
    if (!groups) continue
    const { name = '', id = '', balancer = null, listener = null } = groups
    return { kind, account, region, name, id, balancerId: balancer, listenerId: listener }
  }
  return undefined
}

/** `internal-` stands before the names of those without public addresses. */
export function balancerDnsName(one: LoadBalancer): string {
  const { name, label, region } = one
  if (one.type === 'network') return `${name}-${one.id}.elb.${region}.amazonaws.com`
  const prefix = one.scheme === 'internal' ? 'internal-' : ''
  return `${prefix}${name}-${label}.${region}.elb.amazonaws.com`.toLowerCase()
}
