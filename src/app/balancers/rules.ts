/** Rules of listeners: made, changed, deleted, put into another order. */
import { parseElbArn, ruleArn } from '../../domain/balancers/arn.ts'
import type {
  Listener,
  ListenerAction,
  ListenerRule,
  LoadBalancer,
  RuleCondition,
} from '../../domain/balancers/records.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { actionCheck, conditionsCheck } from './actions.ts'
import { associationsSettle, elbChange, elbId } from './change.ts'
import { elbConfiguration, elbFault, elbInvalid, elbMissing } from './faults.ts'
import { balancerOf, elbGet, rulesOf } from './find.ts'

/** AWS's default quota, of a balancer. */
const RULES_MAX = 100
export const PRIORITY_MAX = 50_000

export interface RuleView {
  balancer: LoadBalancer
  /** null: the listener's own, which stands last. */
  priority: number | null
  id: string
  listenerId: string
  conditions: readonly RuleCondition[]
  action: ListenerAction
}

const viewOf = (balancer: LoadBalancer, rule: ListenerRule): RuleView => ({ balancer, ...rule })

const defaultOf = (balancer: LoadBalancer, listener: Listener): RuleView => ({
  balancer,
  priority: null,
  id: listener.defaultRuleId,
  listenerId: listener.id,
  conditions: [],
  action: listener.action,
})

const inUse = (priority: number): Error =>
  elbFault('PriorityInUseException', `Priority '${priority}' is currently in use`)

export async function ruleCreate(
  ctx: Ctx,
  request: {
    listenerArn: string
    priority: number
    conditions: readonly RuleCondition[]
    action: ListenerAction
    tags: Tags
  },
): Promise<RuleView> {
  const { priority, conditions, action } = request
  return await elbChange(
    ctx,
    async (tx) => {
      const listener = await elbGet(ctx, 'listener', request.listenerArn, tx)
      const balancer = await balancerOf(tx, listener)
      if (balancer.type === 'network') {
        throw elbConfiguration('Listeners of network load balancers have no rules')
      }
      conditionsCheck(conditions)
      await actionCheck(tx, action, { ...balancer, protocol: listener.protocol })
      const reference = { name: 'balancer', value: balancer.id }
      if ((await tx.count('listenerRule', { reference })) >= RULES_MAX) {
        const text = 'The maximum number of rules for this load balancer has been reached'
        throw elbFault('TooManyRulesException', text)
      }
      const taken = await rulesOf(tx, listener.id)
      if (taken.some((one) => one.priority === priority)) throw inUse(priority)
      const rule = await tx.insert('listenerRule', {
        ...baseOf(ctx, request.tags),
        id: elbId(ctx.app.random),
        balancerId: balancer.id,
        listenerId: listener.id,
        ...{ priority, conditions, action },
      })
      await associationsSettle(ctx, tx, balancer.id)
      return viewOf(balancer, rule)
    },
    { taken: () => inUse(priority) },
  )
}

/** What is absent stays. */
export async function ruleModify(
  ctx: Ctx,
  arn: string,
  change: {
    conditions?: readonly RuleCondition[] | undefined
    action?: ListenerAction | undefined
  },
): Promise<RuleView> {
  await defaultRefuse(ctx, arn, 'modified')
  return await elbChange(ctx, async (tx) => {
    const rule = await elbGet(ctx, 'listenerRule', arn, tx)
    const balancer = await balancerOf(tx, rule)
    const listener = await tx.get('listener', rule.listenerId)
    const { conditions = rule.conditions, action = rule.action } = change
    if (change.conditions) conditionsCheck(conditions)
    await actionCheck(tx, action, { ...balancer, protocol: listener!.protocol })
    const made = await tx.update('listenerRule', { ...rule, conditions, action })
    await associationsSettle(ctx, tx, balancer.id)
    return viewOf(balancer, made)
  })
}

async function defaultRefuse(ctx: Ctx, arn: string, verb: string): Promise<void> {
  if (!(await isDefault(ctx.app.store, arn))) return
  throw elbFault('OperationNotPermittedException', `Default rule '${arn}' cannot be ${verb}`)
}

async function isDefault(reader: StoreReader, arn: string): Promise<boolean> {
  const named = parseElbArn(arn)
  if (named?.kind !== 'listenerRule' || named.listenerId === null) return false
  return (await reader.get('listener', named.listenerId))?.defaultRuleId === named.id
}

export async function ruleDelete(ctx: Ctx, arn: string): Promise<void> {
  await defaultRefuse(ctx, arn, 'deleted')
  await elbChange(ctx, async (tx) => {
    const rule = await elbGet(ctx, 'listenerRule', arn, tx)
    await tx.remove('listenerRule', rule)
    await associationsSettle(ctx, tx, rule.balancerId)
  })
}

/** All or none; those that are not named stay. */
export async function rulePriorities(
  ctx: Ctx,
  wanted: readonly { arn: string; priority: number }[],
): Promise<RuleView[]> {
  for (const { arn } of wanted) await defaultRefuse(ctx, arn, 'given a priority')
  return await elbChange(
    ctx,
    async (tx) => {
      const found = []
      for (const { arn, priority } of wanted) {
        if (priority < 1 || priority > PRIORITY_MAX) {
          throw elbInvalid(`The priority must be between 1 and ${PRIORITY_MAX}`)
        }
        found.push({ priority, rule: await elbGet(ctx, 'listenerRule', arn, tx) })
      }
      // Out of each other's way first: two may change places.
      const away = []
      for (const [at, { rule, priority }] of found.entries()) {
        away.push({
          priority,
          rule: await tx.update('listenerRule', { ...rule, priority: -1 - at }),
        })
      }
      const views: RuleView[] = []
      for (const { rule, priority } of away) {
        const made = await tx.update('listenerRule', { ...rule, priority })
        views.push(viewOf(await balancerOf(tx, made), made))
      }
      return views
    },
    { taken: ({ claim }) => inUse(Number(claim)) },
  )
}

/** A listener's in their order, the default last; or those named. */
export async function ruleViews(
  ctx: Ctx,
  asked: { listenerArn?: string | undefined; arns?: readonly string[] | undefined },
): Promise<RuleView[]> {
  const { store } = ctx.app
  const { listenerArn, arns = [] } = asked
  if (listenerArn !== undefined) {
    const listener = await elbGet(ctx, 'listener', listenerArn)
    const balancer = await balancerOf(store, listener)
    const rules = await rulesOf(store, listener.id)
    return [...rules.map((rule) => viewOf(balancer, rule)), defaultOf(balancer, listener)]
  }
  if (arns.length === 0)
    throw elbInvalid('You must specify either listener rule ARNs or a listener ARN')
  return await Promise.all(arns.map((arn) => ruleNamed(ctx, arn)))
}

async function ruleNamed(ctx: Ctx, arn: string): Promise<RuleView> {
  const { store } = ctx.app
  if (await isDefault(store, arn)) {
    const listener = (await store.get('listener', parseElbArn(arn)!.listenerId!))!
    const balancer = await balancerOf(store, listener)
    if (listener.account === ctx.account && ruleArnOf(defaultOf(balancer, listener)) === arn) {
      return defaultOf(balancer, listener)
    }
    throw elbMissing('Rule', [arn])
  }
  const rule = await elbGet(ctx, 'listenerRule', arn)
  return viewOf(await balancerOf(store, rule), rule)
}

export const ruleArnOf = ({ balancer, ...rule }: RuleView): string => ruleArn(balancer, rule)
