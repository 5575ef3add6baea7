/** Groups named across peerings: who names a group from the other side, and which rules name nobody any more. */
import type { SecurityGroupId, VpcId } from '../../domain/ids.ts'
import type { SecurityGroup, SecurityGroupRule } from '../../domain/network.ts'
import type { Ctx } from '../context.ts'
import { groupsList } from './groups.ts'
import { peeringsActive } from './peerings.ts'
import { inVpc, ownGet } from './scope.ts'

export interface GroupReference {
  groupId: SecurityGroupId
  /** Where the rule is. */
  vpcId: VpcId
  peeringId: string
}

/** @throws Fault `NotFound` for a group that is not the account's. */
export async function groupReferences(
  ctx: Ctx,
  ids: readonly SecurityGroupId[],
): Promise<GroupReference[]> {
  const found = new Map<string, GroupReference>()
  for (const group of await groupsList(ctx, { ids, names: [] })) {
    const reference = { name: 'names', value: group.id }
    for (const naming of await ctx.app.store.list('securityGroup', { reference })) {
      for (const { peer } of naming.rules) {
        if (peer.type !== 'group' || peer.groupId !== group.id || !peer.foreign) continue
        const { peeringId } = peer.foreign
        const one = { groupId: group.id, vpcId: naming.vpcId, peeringId }
        found.set(`${group.id} ${naming.vpcId} ${peeringId}`, one)
      }
    }
  }
  return [...found.values()]
}

export async function staleGroups(
  ctx: Ctx,
  vpcId: VpcId,
): Promise<{ group: SecurityGroup; rules: SecurityGroupRule[] }[]> {
  const { store } = ctx.app
  await ownGet(ctx, store, 'vpc', vpcId)
  const active = new Set((await peeringsActive(store, vpcId)).map((each) => each.id))
  const stale: { group: SecurityGroup; rules: SecurityGroupRule[] }[] = []
  for (const group of await inVpc(ctx, store, 'securityGroup', vpcId)) {
    const rules: SecurityGroupRule[] = []
    for (const rule of group.rules) {
      const { peer } = rule
      if (peer.type !== 'group' || !peer.foreign) continue
      const isDead =
        !active.has(peer.foreign.peeringId) || !(await store.get('securityGroup', peer.groupId))
      if (isDead) rules.push(rule)
    }
    if (rules.length > 0) stale.push({ group, rules })
  }
  return stale
}
