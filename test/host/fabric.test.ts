/** The fabric on a real kernel: two guests of one VPC reach each other, and what else is, exactly by the rules. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createFabric } from '../../src/fabric/fabric.ts'
import type { Fabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { cidrRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated, guestStart } from './fabric-host.ts'
import type { Guest } from './fabric-host.ts'

describeIsolated('a VPC on a real kernel', import.meta.url, () => {
  let fabric: Fabric
  const guests: Guest[] = []
  const a = nicPlan(1, '172.31.0.5', [1])
  const b = nicPlan(2, '172.31.16.6', [2])
  beforeAll(() => {
    fabric = createFabric({ log: createLog({ level: 'info' }), clock: systemClock })
  })
  afterAll(async () => {
    for (const guest of guests) await guest.stop()
    await fabric.removeAll()
    await fabric.close()
  })
  test('two guests reach each other', { timeout: 60_000 }, async () => {
    const plan = vpcPlan(1, [a, b], { 1: {}, 2: { ingress: [cidrRule('icmp', [-1, -1])] } })
    let t = Date.now()
    await fabric.apply([plan])
    console.log('first apply', Date.now() - t)
    t = Date.now()
    guests.push(await guestStart(plan, a), await guestStart(plan, b))
    console.log('guests', Date.now() - t)
    t = Date.now()
    try {
      console.log(await guests[0]!.dhcp(), await guests[1]!.dhcp())
      console.log('dhcp', Date.now() - t)
      console.log(await guests[0]!.run('busybox', ['ping', '-c1', '-W1', '172.31.16.6']))
    } catch (e) {
      console.log(await fabric.diagnostics(plan.vpcId))
      throw e
    }
    console.log(await fabric.probeReachability())
  })
})
