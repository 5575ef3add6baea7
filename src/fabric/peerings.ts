/**
 * The links between namespaces of peered VPCs: a veth pair whose end in each is named after the other's index. Made
 * before the namespaces are converged, which give the ends their addresses and routes.
 */
import type { VpcId } from '../domain/ids.ts'
import { namespaceOf, type VpcNetworkPlan } from '../domain/network-plan.ts'
import { ensureNamespace, type Tools } from './converge.ts'
import { peerLinkOf } from './names.ts'

interface Pair {
  key: string
  one: VpcNetworkPlan
  other: VpcNetworkPlan
}

/** Peerings that both sides' plans have. */
function pairsOf(plans: readonly VpcNetworkPlan[]): Pair[] {
  const byId = new Map(plans.map((plan) => [plan.vpcId, plan]))
  return plans.flatMap((one) =>
    (one.peers ?? []).flatMap(({ vpcId }): Pair[] => {
      const other = byId.get(vpcId)
      if (!other || one.index >= other.index) return []
      return [{ key: `${one.vpcId} ${one.index} ${vpcId} ${other.index}`, one, other }]
    }),
  )
}

/**
 * Makes the links that are wanted and not known to be there, takes those away that are known and not wanted.
 * @returns the pairs that are there, and the VPCs whose links changed: they are to be read back.
 */
export async function peeringsEnsure(
  tools: Tools,
  plans: readonly VpcNetworkPlan[],
  known: ReadonlySet<string>,
): Promise<{ made: ReadonlySet<string>; changed: readonly VpcId[] }> {
  const pairs = pairsOf(plans)
  const wanted = new Set(pairs.map(({ key }) => key))
  const changed: VpcId[] = []
  for (const key of known) {
    if (wanted.has(key)) continue
    const [vpcId, , otherId, otherIndex] = key.split(' ') as [VpcId, string, VpcId, string]
    await linkRemove(tools, vpcId, peerLinkOf(Number(otherIndex)))
    changed.push(vpcId, otherId)
  }
  for (const pair of pairs) {
    if (known.has(pair.key)) continue
    await pairEnsure(tools, pair)
    changed.push(pair.one.vpcId, pair.other.vpcId)
  }
  return { made: wanted, changed }
}

async function linkRemove({ kernel }: Tools, vpcId: VpcId, link: string): Promise<void> {
  const namespace = namespaceOf(vpcId)
  if (!(await kernel.namespaces()).has(namespace)) return
  if (!(await kernel.read(namespace)).links.has(link)) return
  await kernel.ipBatch(namespace, [`link del ${link}`])
}

async function pairEnsure(tools: Tools, { one, other }: Pair): Promise<void> {
  const { kernel } = tools
  const namespaces = await kernel.namespaces()
  const ensure = (plan: VpcNetworkPlan) =>
    ensureNamespace(tools, plan, namespaces.has(namespaceOf(plan.vpcId)))
  const here = (await ensure(one)).identities.get(peerLinkOf(other.index))
  const there = (await ensure(other)).identities.get(peerLinkOf(one.index))
  const isPair = here && there && here.peerIndex === there.index && there.peerIndex === here.index
  if (isPair) return
  await linkRemove(tools, one.vpcId, peerLinkOf(other.index))
  await linkRemove(tools, other.vpcId, peerLinkOf(one.index))
  const end = `peer name ${peerLinkOf(one.index)} netns ${namespaceOf(other.vpcId)}`
  await kernel.ipBatch(namespaceOf(one.vpcId), [
    `link add ${peerLinkOf(other.index)} type veth ${end}`,
  ])
}
