/**
 * Networks of load balancers: each balancer has a namespace of its own, with an interface in every subnet that it
 * serves, which the VPC's namespace has in the place of a TAP. So whatever a VPC does to a machine (groups, ACLs,
 * routes, public addresses, the guard of its own addresses) it does to a balancer, which reaches nothing else.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { balancerNamespace } from '../domain/balancers/plan.ts'
import type { VpcId } from '../domain/ids.ts'
import { cidrParse } from '../domain/net/cidr.ts'
import { tapNameOf, type InterfacePlan, type VpcNetworkPlan } from '../domain/network-plan.ts'
import { present } from '../lib/assert.ts'
import { ensureFolder, removeDurable } from '../lib/fs-durable.ts'
import type { Tools } from './converge.ts'
import { IPV6_OFF, runInNamespace } from './namespace-sockets.ts'

/** A balancer's file in the fabric's folder: while it is there, its namespace is this host's to remove. */
const CLAIM_PREFIX = 'elb-'
/** Of the rules by which what an interface's address sends leaves by that interface. */
const TABLE_FIRST = 1_000

/** Whoever listens here has no privilege, and does so before the address is there. */
const SWITCHES = {
  ...IPV6_OFF,
  'net/ipv4/ip_unprivileged_port_start': '0',
  'net/ipv4/ip_nonlocal_bind': '1',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
}

interface BalancerNetworks {
  /** Makes the namespaces that plans want and no others. @returns VPCs whose links are to be read back. */
  namespacesEnsure(plans: readonly VpcNetworkPlan[]): Promise<VpcId[]>
  /** Addresses and routes inside, once the VPC's links are there. */
  insidesEnsure(plan: VpcNetworkPlan): Promise<void>
  /** What was made is to be looked at again. */
  forget(): void
}

export function createBalancerNetworks(tools: Tools): BalancerNetworks {
  const { kernel, folder } = tools
  /** By balancer, the number of its namespace. */
  const namespaces = new Map<string, string>()
  /** By balancer, what its inside was made as. */
  const insides = new Map<string, string>()

  const removeStrangers = async (wanted: ReadonlyMap<string, VpcId>): Promise<void> => {
    const names = await readdir(folder).catch(() => [] as string[])
    const claimed = names.filter((name) => name.startsWith(CLAIM_PREFIX))
    const strangers = claimed
      .map((name) => name.slice(CLAIM_PREFIX.length))
      .filter((id) => !wanted.has(id))
    if (strangers.length === 0) return
    const there = await kernel.namespaces()
    for (const id of strangers) {
      const name = balancerNamespace(id)
      namespaces.delete(id)
      insides.delete(id)
      // A process that still lives in it holds it open, but without links it reaches nobody: they went first.
      if (there.has(name)) await kernel.namespaceDelete(name)
      await removeDurable(join(folder, `${CLAIM_PREFIX}${id}`))
    }
  }

  return {
    namespacesEnsure: async (plans) => {
      const wanted = balancersOf(plans)
      await removeStrangers(wanted)
      const changed: VpcId[] = []
      const there = wanted.size > 0 ? await kernel.namespaces() : new Map<string, string>()
      for (const [id, vpcId] of wanted) {
        const name = balancerNamespace(id)
        const number = there.get(name)
        if (number !== undefined && namespaces.get(id) === number) continue
        await ensureFolder(join(folder, `${CLAIM_PREFIX}${id}`))
        if (number === undefined) await kernel.namespaceAdd(name)
        await runInNamespace(name, { switches: SWITCHES, sockets: [] })
        namespaces.set(id, present((await kernel.namespaces()).get(name), name))
        insides.delete(id)
        changed.push(vpcId)
      }
      return changed
    },
    insidesEnsure: async (plan) => {
      const byBalancer = new Map<string, InterfacePlan[]>()
      for (const nic of liveOf(plan)) {
        byBalancer.set(nic.balancerId!, [...(byBalancer.get(nic.balancerId!) ?? []), nic])
      }
      for (const [id, nics] of byBalancer) {
        const lines = nics.flatMap((nic, at) => insideLines(plan, nic, at))
        const text = lines.join('\n')
        if (insides.get(id) === text) continue
        const name = balancerNamespace(id)
        await kernel.ipBatch(name, ['link set lo up', ...lines])
        await kernel.ipBatch(name, await ruleChanges(tools, name, nics))
        insides.set(id, text)
      }
    },
    // A namespace that is another one now is told by its number.
    forget: () => insides.clear(),
  }
}

const liveOf = (plan: VpcNetworkPlan): InterfacePlan[] =>
  plan.interfaces.filter((nic) => nic.isLive && nic.balancerId !== undefined)

function balancersOf(plans: readonly VpcNetworkPlan[]): Map<string, VpcId> {
  return new Map(
    plans.flatMap((plan) => liveOf(plan).map((nic) => [nic.balancerId!, plan.vpcId] as const)),
  )
}

function insideLines(plan: VpcNetworkPlan, nic: InterfacePlan, at: number): string[] {
  const link = tapNameOf(nic.interfaceId)
  const { subnetId } = nic
  const subnet = present(
    plan.subnets.find((one) => one.subnetId === subnetId),
    `subnet ${subnetId} in the plan`,
  )
  const way = `default via ${subnet.gateway} dev ${link} onlink`
  return [
    `link set ${link} address ${nic.mac}`,
    `link set ${link} up`,
    ...nic.privateAddresses.map(
      (address) => `addr replace ${address}/${cidrParse(subnet.cidr).prefix} dev ${link}`,
    ),
    `route replace ${way} metric ${at + 1}`,
    `route replace ${way} table ${TABLE_FIRST + at}`,
  ]
}

interface RuleJson {
  priority: number
  src?: string
  table: string
}

/** What comes from an address leaves by its interface, whichever the first is. */
async function ruleChanges(
  { kernel }: Tools,
  namespace: string,
  nics: readonly InterfacePlan[],
): Promise<string[]> {
  const text = await kernel.text(namespace, 'ip', ['-j', 'rule'])
  const found = (JSON.parse(text) as RuleJson[])
    .filter(({ priority }) => priority === TABLE_FIRST)
    .map(({ src = '', table }) => ruleText(src, table))
  const wanted = nics.flatMap((nic, at) =>
    nic.privateAddresses.map((address) => ruleText(address, String(TABLE_FIRST + at))),
  )
  return [
    ...found.filter((rule) => !wanted.includes(rule)).map((rule) => `rule del ${rule}`),
    ...wanted.filter((rule) => !found.includes(rule)).map((rule) => `rule add ${rule}`),
  ]
}

const ruleText = (source: string, table: string): string =>
  `priority ${TABLE_FIRST} from ${source} lookup ${table}`
