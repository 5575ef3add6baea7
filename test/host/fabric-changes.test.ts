/** Rules changed by differences are the rules that a whole table would have been, whatever changed before. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { namespaceOf } from '../../src/domain/network-plan.ts'
import { createFabric, type Fabric } from '../../src/fabric/fabric.ts'
import { exec } from '../../src/lib/exec.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, cidrRule, groupId, groupRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated } from './fabric-host.ts'

const PUBLIC = { privateAddress: '172.31.0.5', publicAddress: '100.64.0.10' }
const one = nicPlan(1, '172.31.0.5', [1])
const two = nicPlan(2, '172.31.0.6', [1, 2])
const three = nicPlan(3, '172.31.16.7', [2])
const web = { ingress: [cidrRule('tcp', [80, 80])] }
const inner = { ingress: [groupRule('-1', null, groupId(1))] }
const gone = { ingress: [groupRule('tcp', [22, 22], groupId(9))] }
const deny = { isAllow: false, protocol: '6', cidr: '10.0.0.0/8', ports: null, icmp: null }
const all = { isAllow: true, protocol: '-1', cidr: '0.0.0.0/0', ports: null, icmp: null }

const withAcl = (plan: VpcNetworkPlan): VpcNetworkPlan => ({
  ...plan,
  subnets: plan.subnets.map((subnet, n) =>
    n === 0 ? { ...subnet, acl: { ingress: [deny, all], egress: [all] } } : subnet,
  ),
})

/** Each is a step from the one before: rules, groups, members, interfaces, addresses, ACLs, resolver. */
const STEPS: [string, VpcNetworkPlan][] = [
  ['one interface', vpcPlan(1, [one], { 1: web })],
  [
    'a rule more',
    vpcPlan(1, [one], { 1: { ingress: [...web.ingress, cidrRule('udp', [53, 53])] } }),
  ],
  ['two groups, two interfaces', vpcPlan(1, [one, two], { 1: web, 2: inner })],
  ['a rule for an unknown group', vpcPlan(1, [one, two], { 1: gone, 2: inner })],
  ['everything allowed', vpcPlan(1, [one, two], { 1: { ingress: ALLOW_ALL }, 2: inner })],
  [
    'a public address',
    vpcPlan(1, [{ ...one, publicAddresses: [PUBLIC] }, two], { 1: web, 2: inner }),
  ],
  ['an ACL', withAcl(vpcPlan(1, [one, two, three], { 1: web, 2: inner }))],
  ['no ACL, an interface less', vpcPlan(1, [two, three], { 1: web, 2: inner })],
  ['other groups', vpcPlan(1, [{ ...two, groupIds: [groupId(2)] }, three], { 1: web, 2: inner })],
  ['a group less', vpcPlan(1, [{ ...two, groupIds: [groupId(2)] }, three], { 2: { ingress: [] } })],
]

describeIsolated('changes of rules', import.meta.url, () => {
  let fabric: Fabric
  const commands: string[] = []

  beforeAll(() => {
    const log = createLog({ level: 'warn' })
    const run: typeof exec = (command, args, options) => {
      if (args.includes('-f')) commands.push(String(options?.input ?? ''))
      return exec(command, args, options)
    }
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock, run })
  })
  afterAll(async () => {
    await fabric.removeAll()
    await fabric.close()
  })

  /** Chains and sets with what is in them, in an order of ours. */
  async function rules(plan: VpcNetworkPlan): Promise<string[]> {
    const space = `/run/netns/${namespaceOf(plan.vpcId)}`
    const args = [`--net=${space}`, 'nft', '-s', 'list', 'table', 'inet', 'brume']
    const { stdout } = await exec('nsenter', args)
    return stdout
      .split(/\n(?=\t(?:chain|set) )/)
      .map((text) => text.replace(/\n}\n*$/, '').trim())
      .sort()
  }

  test('step by step', { timeout: 60_000 }, async () => {
    await fabric.apply([STEPS[0]![1]])
    for (const [title, plan] of STEPS) {
      commands.length = 0
      await fabric.apply([plan])
      const inVpc = commands.filter(
        (text) =>
          text.includes('inet brume') && !text.includes('hook input priority 0; policy accept'),
      )
      // By a difference, not by the whole table.
      if (title !== 'one interface')
        expect(inVpc.join(''), title).not.toContain('delete table inet')
      const changed = await rules(plan)
      await fabric.apply([plan], { isVerified: true })
      expect(changed, title).toEqual(await rules(plan))
    }
  })
})
