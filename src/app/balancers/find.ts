/** Balancers, listeners, rules and target groups by their ARNs and names; what is another account's is not found. */
import { parseElbArn, type ElbArn } from '../../domain/balancers/arn.ts'
import type {
  Listener,
  ListenerRule,
  LoadBalancer,
  TargetGroup,
} from '../../domain/balancers/records.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { elbInvalid, elbMissing } from './faults.ts'

interface Kinds {
  loadBalancer: LoadBalancer
  listener: Listener
  listenerRule: ListenerRule
  targetGroup: TargetGroup
}

const NOUNS = {
  loadBalancer: 'Load Balancer',
  listener: 'Listener',
  listenerRule: 'Rule',
  targetGroup: 'Target Group',
} as const

const WORDS = {
  loadBalancer: 'load balancer',
  listener: 'listener',
  listenerRule: 'listener rule',
  targetGroup: 'target group',
} as const

/** @throws what AWS says of an ARN of another shape. */
export function elbArnOf(kind: keyof Kinds, arn: string): ElbArn {
  const parsed = parseElbArn(arn)
  if (parsed?.kind !== kind) throw elbInvalid(`'${arn}' is not a valid ${WORDS[kind]} ARN`)
  return parsed
}

/** @throws `…NotFound`. */
export async function elbGet<K extends keyof Kinds>(
  ctx: Ctx,
  kind: K,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<Kinds[K]> {
  const named = elbArnOf(kind, arn)
  const found = await reader.get(kind, named.id)
  const isOwn = found?.account === ctx.account && found.region === ctx.region
  const isNamed = named.account === ctx.account && named.region === ctx.region
  if (!found || !isOwn || !isNamed || !(await isSame(reader, kind, found as Kinds[K], named))) {
    throw elbMissing(NOUNS[kind], [arn])
  }
  return found as Kinds[K]
}

/** Whether the rest of the ARN is about the same thing. */
async function isSame(
  reader: StoreReader,
  kind: keyof Kinds,
  found: Kinds[keyof Kinds],
  named: ElbArn,
): Promise<boolean> {
  if (kind === 'loadBalancer' || kind === 'targetGroup') {
    return (found as LoadBalancer | TargetGroup).name === named.name
  }
  const part = found as Listener | ListenerRule
  if (part.balancerId !== named.balancerId) return false
  if (kind === 'listenerRule' && (part as ListenerRule).listenerId !== named.listenerId)
    return false
  const balancer = await reader.get('loadBalancer', part.balancerId)
  return balancer?.name === named.name
}

const scopeOf = ({ account, region }: Ctx) => ({ account, region })

/** All, or those named. @throws LoadBalancerNotFound, TargetGroupNotFound. */
export async function elbNamed<K extends 'loadBalancer' | 'targetGroup'>(
  ctx: Ctx,
  kind: K,
  { arns = [], names = [] }: { arns?: readonly string[]; names?: readonly string[] },
): Promise<Kinds[K][]> {
  if (arns.length > 0) {
    return await Promise.all([...new Set(arns)].map((arn) => elbGet(ctx, kind, arn)))
  }
  const all = (await ctx.app.store.list(kind, scopeOf(ctx))) as Kinds[K][]
  if (names.length === 0) return all
  const missing = names.filter((name) => !all.some((one) => one.name === name))
  if (missing.length > 0) throw elbMissing(NOUNS[kind], missing)
  return all.filter((one) => names.includes(one.name))
}

export async function balancerOf(
  reader: StoreReader,
  { balancerId }: { balancerId: string },
): Promise<LoadBalancer> {
  const found = await reader.get('loadBalancer', balancerId)
  if (!found) throw elbMissing('Load Balancer', [balancerId])
  return found
}

export async function listenersOf(reader: StoreReader, balancerId: string): Promise<Listener[]> {
  return await reader.list('listener', { reference: { name: 'balancer', value: balancerId } })
}

/** In the order in which they are asked. */
export async function rulesOf(reader: StoreReader, listenerId: string): Promise<ListenerRule[]> {
  const reference = { name: 'listener', value: listenerId }
  const rules = await reader.list('listenerRule', { reference })
  return rules.toSorted((a, b) => a.priority - b.priority)
}
