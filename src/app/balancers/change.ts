/** Changes of balancers: one transaction each; then networks, where they changed, and the balancers' reconciler. */
import { groupsOf, type TargetGroup } from '../../domain/balancers/records.ts'
import { groupArn } from '../../domain/balancers/arn.ts'
import type { RandomSource } from '../../domain/ids.ts'
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { Change } from '../network/change.ts'
import { elbFault, elbMissing } from './faults.ts'

export async function elbChange<T>(
  ctx: Ctx,
  change: Change<T>,
  options: { isOfNetwork?: boolean; taken?: (error: ClaimTakenError) => Error } = {},
): Promise<T> {
  try {
    const result = await ctx.app.store.transact(change)
    if (options.isOfNetwork) await ctx.app.networkInForce()
    ctx.app.activate('balancers')
    return result
  } catch (error) {
    if (error instanceof ClaimTakenError && options.taken) throw options.taken(error)
    throw error
  }
}

/** Sixteen hexadecimal digits, as in AWS's ARNs. */
export const elbId = (random: RandomSource): string => Buffer.from(random.bytes(8)).toString('hex')

/** AWS's quota of target groups that one balancer forwards to. */
const GROUPS_PER_BALANCER_MAX = 100

/**
 * Writes at every target group which balancer forwards to it, from what listeners and rules say now.
 * @throws TargetGroupAssociationLimit when another one does.
 */
export async function associationsSettle(
  ctx: Ctx,
  tx: StoreTransaction,
  balancerId: string,
): Promise<void> {
  const reference = { name: 'balancer', value: balancerId }
  const [listeners, rules, before] = await Promise.all([
    tx.list('listener', { reference }),
    tx.list('listenerRule', { reference }),
    tx.list('targetGroup', { reference }),
  ])
  const used = new Set([...listeners, ...rules].flatMap(({ action }) => groupsOf(action)))
  if (used.size > GROUPS_PER_BALANCER_MAX) {
    const text = 'The maximum number of target groups for this load balancer has been reached'
    throw elbFault('TooManyUniqueTargetGroupsPerLoadBalancerException', text)
  }
  for (const group of before) {
    if (!used.has(group.id)) await tx.update('targetGroup', { ...group, balancerId: null })
  }
  for (const id of used) {
    const group = await tx.get('targetGroup', id)
    if (group?.account !== ctx.account) throw elbMissing('Target Group', [id])
    if (group.balancerId === balancerId) continue
    if (group.balancerId !== null) throw associationLimit(group)
    await tx.update('targetGroup', { ...group, balancerId })
  }
}

function associationLimit(group: TargetGroup): Error {
  const text = `The following target groups cannot be associated with more than one load balancer: ${groupArn(group)}`
  return elbFault('TargetGroupAssociationLimitException', text)
}
