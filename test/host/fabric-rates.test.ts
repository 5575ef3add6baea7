/** What a machine may send and receive a second, kept by a real kernel for all of its interfaces together. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { createFabric, type Fabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated, guestStart, until, type Guest } from './fabric-host.ts'

const RATE_MBPS = 24
const PORT = 9000

describeIsolated('the bandwidth of a machine', import.meta.url, () => {
  const sender = nicPlan(1, '172.31.0.5', [1])
  const others = [nicPlan(2, '172.31.16.6', [1]), nicPlan(3, '172.31.16.7', [1])]
  // Two interfaces of one machine.
  const [first, second] = others.map((nic) => ({ ...nic, instanceId: others[0]!.instanceId }))
  const planOf = (rateMbps: number | null): VpcNetworkPlan => {
    const limited = rateMbps === null ? {} : { rateMbps }
    const nics = [sender, { ...first!, ...limited }, { ...second!, ...limited }]
    return vpcPlan(1, nics, { 1: { ingress: ALLOW_ALL, egress: ALLOW_ALL } })
  }
  let fabric: Fabric
  let guests: Guest[] = []

  beforeAll(async () => {
    const log = createLog({ level: 'warn' })
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
    await fabric.apply([planOf(null)])
    guests = await Promise.all(
      [sender, first!, second!].map((nic) => guestStart(planOf(null), nic)),
    )
    for (const guest of guests) await guest.dhcp()
  }, 30_000)
  afterAll(async () => {
    for (const guest of guests) await guest.stop()
    await fabric?.removeAll()
    await fabric?.close()
  })

  /** Seconds that it takes to send so much by TCP. */
  const seconds = async (from: Guest, to: Guest, mib: number): Promise<number> => {
    // The sender is done when its kernel has it; the receiver when it came.
    const listener = to.start('busybox', 'nc', '-l', '-p', String(PORT))
    let bytes = 0
    listener.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length))
    const ended = new Promise((resolve) => listener.once('exit', resolve))
    await until(async () => (await to.run('busybox', ['netstat', '-ltn'])).includes(`:${PORT} `))
    const startedAt = performance.now()
    const address = to.nic.privateAddresses[0]
    const words = `dd if=/dev/zero bs=64k count=${mib * 16} 2>/dev/null | busybox nc ${address} ${PORT}`
    await from.run('sh', ['-c', words], { timeoutMs: 30_000 })
    await ended
    expect(bytes).toBe(mib * 1024 ** 2)
    return (performance.now() - startedAt) / 1000
  }

  test('it is held each way, by both interfaces together, at once when it changes', async () => {
    const [a, b, c] = guests
    const free = await seconds(a!, b!, 6)
    await fabric.apply([planOf(RATE_MBPS)])
    const received = await seconds(a!, b!, 6)
    const sent = await seconds(b!, a!, 6)
    const together = async (): Promise<number> =>
      Math.max(...(await Promise.all([seconds(a!, b!, 3), seconds(a!, c!, 3)])))
    // Of two connections that lose packets at one limit, one sometimes waits for TCP's time-outs, each twice the last.
    const several = [await together(), await together(), await together()]
    const shared = Math.min(...several)
    await fabric.apply([planOf(null)])
    const again = await seconds(a!, b!, 6)
    const words = { free, received, sent, several, again }
    console.log(`seconds for 6 MiB, held at ${RATE_MBPS} Mbit/s: ${JSON.stringify(words)}`)
    // A second's worth goes at once.
    const atRate = (6 * 1024 ** 2 * 8) / (RATE_MBPS * 1e6) - 1
    for (const held of [received, sent, shared]) {
      expect(held).toBeGreaterThan(atRate * 0.95)
      expect(held).toBeLessThan((atRate + 1) * 2.5)
    }
    for (const one of [free, again]) expect(one).toBeLessThan(atRate)
  }, 60_000)
})
