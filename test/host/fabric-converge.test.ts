/** Convergence: the same plan twice is no work, whatever is broken by hand comes back, and removal leaves nothing. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { namespaceOf, tapNameOf } from '../../src/domain/network-plan.ts'
import { createFabric, runtimeFolder } from '../../src/fabric/fabric.ts'
import type { Fabric } from '../../src/fabric/fabric.ts'
import { exec } from '../../src/lib/exec.ts'
import { createLog, silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, cidrRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { askFromHost, describeIsolated, guestStart, until } from './fabric-host.ts'

const RULE_MS_MAX = 100
const INTERFACE_MS_MAX = 60

describeIsolated('convergence', import.meta.url, () => {
  const commands: string[][] = []
  let isRefusing = false
  const counted: typeof exec = (command, args, options) => {
    commands.push([command, ...args])
    if (isRefusing) return Promise.reject(new Error('a host that is too busy'))
    return exec(command, args, options)
  }
  const nic = {
    ...nicPlan(1, '172.31.0.5', [1]),
    publicAddresses: [{ privateAddress: '172.31.0.5', publicAddress: '100.64.0.10' }],
  }
  const plan = vpcPlan(1, [nic], { 1: { ingress: ALLOW_ALL } })
  const namespace = namespaceOf(plan.vpcId)
  const tap = tapNameOf(nic.interfaceId)
  let fabric: Fabric
  const start = (): Fabric =>
    createFabric({
      stateFolder: '/run/brume',
      log: createLog({ level: 'error' }),
      clock: systemClock,
      run: counted,
    })

  const inside = async (command: string, ...args: string[]): Promise<string> =>
    (await exec('nsenter', [`--net=/run/netns/${namespace}`, command, ...args])).stdout
  /** Everything the kernel shows of us, without what changes by itself. */
  const snapshot = async (): Promise<string> => {
    const host = async (command: string, ...args: string[]): Promise<string> =>
      (await exec(command, args)).stdout
    const texts = await Promise.all([
      inside('nft', '-s', 'list', 'ruleset'),
      inside('ip', '-4', '-br', 'addr', 'show', 'up'),
      inside('ip', 'route'),
      host('nft', '-s', 'list', 'ruleset'),
      host('ip', '-4', '-br', 'addr', 'show', 'up'),
      host('ip', 'route'),
    ])
    // Link numbers differ after a repair; the order of routes is the kernel's, and when a link that is up has a
    // carrier.
    const sorted = (text: string): string =>
      text
        .replaceAll(/@if\d+/g, '')
        .replaceAll(/\s(?:UP|DOWN|UNKNOWN|LOWERLAYERDOWN|linkdown)(?=\s)/g, '')
        .split('\n')
        .map((line) => line.trim().split(/\s+/).sort().join(' '))
        .sort()
        .join('\n')
    return texts.map(sorted).join('\n')
  }
  const dnsmasqPid = async (): Promise<number> =>
    (
      JSON.parse(await readFile(join(runtimeFolder(), plan.vpcId, 'running.json'), 'utf8')) as {
        pid: number
      }
    ).pid
  let whole = ''

  beforeAll(async () => {
    fabric = start()
    await fabric.apply([plan])
    whole = await snapshot()
  }, 30_000)
  afterEach(async () => {
    await fabric.apply([plan])
  })
  afterAll(async () => {
    await fabric?.removeAll()
    await fabric?.close()
  })

  test('the same plan twice runs no command', async () => {
    commands.length = 0
    await fabric.apply([structuredClone(plan)])
    expect(commands).toEqual([])
  })

  test('a changed rule is one nft, and the guards of the TAPs are left alone', async () => {
    commands.length = 0
    await fabric.apply([vpcPlan(1, [nic], { 1: { ingress: [cidrRule('tcp', [22, 22])] } })])
    expect(commands.map((command) => command.slice(2))).toEqual([['nft', '-f', '-']])
  })

  test('a round that failed twice is made good by the next one, whose sockets are still bound', async () => {
    const changed = vpcPlan(1, [nic], { 1: { ingress: [cidrRule('tcp', [23, 23])] } })
    isRefusing = true
    await expect(fabric.apply([changed])).rejects.toThrow('not in force')
    isRefusing = false
    await fabric.apply([changed])
    expect(await inside('nft', 'list', 'ruleset')).toContain('tcp dport 23')
  })

  const breaks: Record<string, () => Promise<unknown>> = {
    'a TAP deleted': () => inside('ip', 'link', 'del', tap),
    'a TAP down': () => inside('ip', 'link', 'set', tap, 'down'),
    'a foreign TAP': () => inside('ip', 'tuntap', 'add', 'tstranger', 'mode', 'tap'),
    'a guest’s route deleted': () => inside('ip', 'route', 'del', '172.31.0.5/32'),
    'a service address deleted': () =>
      inside('ip', 'addr', 'del', '169.254.169.254/32', 'dev', 'lo'),
    'the uplink deleted': () => inside('ip', 'link', 'del', 'uplink'),
    'a chain flushed': () => inside('nft', 'flush', 'chain', 'inet', 'brume', 'egress'),
    'the guard deleted': () => inside('nft', 'delete', 'table', 'netdev', 'brume'),
    'the host’s table deleted': () => exec('nft', ['delete', 'table', 'inet', 'brume']),
    'the pool’s blackhole deleted': () =>
      exec('ip', ['route', 'del', 'blackhole', '100.64.0.0/16']),
    'the veth pair deleted': () => exec('ip', ['link', 'del', 'brume1']),
    'the namespace deleted': () => exec('ip', ['netns', 'del', namespace]),
    'the namespace half made': async () => {
      await exec('ip', ['netns', 'del', namespace])
      await exec('ip', ['netns', 'add', namespace])
    },
  }
  for (const [title, breakIt] of Object.entries(breaks)) {
    test(`repaired: ${title}`, async () => {
      await breakIt()
      await fabric.apply([plan], { isVerified: true })
      expect(await snapshot()).toBe(whole)
      const names = JSON.parse((await exec('ip', ['-j', 'netns'])).stdout) as { name: string }[]
      expect(names.map((each) => each.name)).toEqual([namespace])
      const status = await readFile(`/proc/${await dnsmasqPid()}/status`, 'utf8')
      expect(status).not.toMatch(/^Uid:\s+0/m)
    })
  }

  test('only its own VPCs are removed: another Brume’s names are left alone', async () => {
    const foreign = 'brume-vpc-0123456789abcdef0'
    await exec('ip', ['netns', 'add', foreign])
    const second = vpcPlan(2, [], {})
    const heard: string[] = []
    const unsubscribe = fabric.onNamespace((vpcId, state) => heard.push(`${vpcId} ${state}`))
    await fabric.apply([plan, second])
    await fabric.apply([plan], { isVerified: true })
    unsubscribe()
    expect(heard).toEqual([`${second.vpcId} ready`, `${second.vpcId} gone`])
    const names = (await exec('ip', ['netns'])).stdout
    expect(names).toContain(foreign)
    expect(names).not.toContain(namespaceOf(second.vpcId))
    await exec('ip', ['netns', 'del', foreign])
    expect(await snapshot()).toBe(whole)
  })

  test('another home does not touch these networks', async () => {
    const intruder = createFabric({ stateFolder: '/tmp', log: silentLog, clock: systemClock })
    await expect(intruder.apply([])).rejects.toThrow(/belong to the Brume in \/run\/brume/)
    await intruder.close()
  })

  test('a restarted daemon takes over everything, dnsmasq included', async () => {
    const before = await dnsmasqPid()
    await fabric.close()
    fabric = start()
    await fabric.apply([plan])
    expect(await snapshot()).toBe(whole)
    expect(await dnsmasqPid()).toBe(before)
  })

  test('a dnsmasq that died is started again', { timeout: 15_000 }, async () => {
    const before = await dnsmasqPid()
    process.kill(before, 'SIGKILL')
    await until(async () => (await dnsmasqPid()) !== before, 12_000)
  })

  test(
    'an address passes to another interface before its lease ends',
    { timeout: 20_000 },
    async () => {
      const first = await guestStart(plan, nic)
      expect(await first.dhcp()).toMatchObject({ ip: '172.31.0.5' })
      await first.stop()
      const heir = nicPlan(2, '172.31.0.5', [1])
      const next = vpcPlan(1, [heir], { 1: { ingress: ALLOW_ALL } })
      await fabric.apply([next])
      const second = await guestStart(next, heir)
      expect(await second.dhcp()).toMatchObject({ ip: '172.31.0.5' })
      await second.stop()
    },
  )

  test('the network works after a repair', { timeout: 20_000 }, async () => {
    await exec('ip', ['netns', 'del', namespace])
    await fabric.apply([plan])
    const guest = await guestStart(plan, nic)
    await guest.dhcp()
    await guest.serve(80)
    expect(await askFromHost('100.64.0.10', 80)).toBe('100.64.0.1')
    await guest.stop()
  })

  test(
    'a rule is in force within 100 ms, an interface within 60 ms',
    { timeout: 60_000 },
    async () => {
      const nics = (count: number) =>
        Array.from({ length: count }, (_, i) => nicPlan(i + 1, `172.31.1.${i + 1}`, [1, 2]))
      const report: Record<string, number> = {}
      for (const count of [1, 50]) {
        const planOf = (port: number, extra = 0): VpcNetworkPlan =>
          vpcPlan(1, nics(count + extra), {
            1: { ingress: [cidrRule('tcp', [port, port])] },
            2: { ingress: ALLOW_ALL },
          })
        await fabric.apply([planOf(1)])
        const times: number[] = []
        for (let port = 2; port < 12; port++) {
          const from = performance.now()
          await fabric.apply([planOf(port)])
          times.push(performance.now() - from)
        }
        report[`rule, ${count} interfaces`] = median(times)
        const added: number[] = []
        for (let extra = 1; extra < 6; extra++) {
          const from = performance.now()
          await fabric.apply([planOf(1, extra)])
          added.push(performance.now() - from)
        }
        report[`interface beside ${count}`] = median(added)
        expect(median(times)).toBeLessThan(RULE_MS_MAX)
        if (count === 1) expect(median(added)).toBeLessThan(INTERFACE_MS_MAX)
      }
      console.log(report)
    },
  )

  test('many applies at once end with the newest plan', async () => {
    const port = (n: number): VpcNetworkPlan =>
      vpcPlan(1, [nic], { 1: { ingress: [cidrRule('tcp', [n, n])] } })
    commands.length = 0
    await Promise.all(Array.from({ length: 50 }, (_, i) => fabric.apply([port(1000 + i)])))
    // Two rounds: links that go with the first plan and its rules, then the newest rules.
    expect(commands.length).toBeLessThanOrEqual(3)
    expect(await inside('nft', 'list', 'ruleset')).toContain('tcp dport 1049 ')
  })

  test('removal leaves nothing', async () => {
    const pid = await dnsmasqPid()
    await fabric.removeAll()
    expect(JSON.parse((await exec('ip', ['-j', 'netns'])).stdout || '[]')).toEqual([])
    expect((await exec('ip', ['-br', 'link'])).stdout).not.toContain('brume')
    expect((await exec('ip', ['route'])).stdout).toBe('')
    expect((await exec('nft', ['list', 'ruleset'])).stdout).toBe('')
    await expect(readFile(`/proc/${pid}/stat`)).rejects.toThrow()
  })
})

function median(times: number[]): number {
  return Math.round(times.sort((x, y) => x - y)[Math.floor(times.length / 2)]! * 10) / 10
}
