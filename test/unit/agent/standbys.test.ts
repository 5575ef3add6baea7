/** Machines that are made ahead: each is given away once, and what is not as it should be is an ordinary launch. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLauncher, type Launcher } from '../../../src/agent/launch.ts'
import { createStandbys, type Standbys } from '../../../src/agent/standbys.ts'
import type { MachineSpec } from '../../../src/domain/machine.ts'
import type { StoredTemplate } from '../../../src/agent/templates/store.ts'
import { standbyWishOf, type StandbyNames } from '../../../src/domain/standby.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { systemClock } from '../../../src/lib/time.ts'
import { createFakeDriver, type FakeDriver } from '../../support/fake-driver.ts'
import {
  createFakeTemplates,
  createFakeVolumes,
  imageWrite,
  machineOf,
  PLAN,
  rooted,
  sized,
  storedTemplate,
  type FakeVolumes,
} from '../../support/frozen.ts'

let home: string
let driver: FakeDriver
let volumes: FakeVolumes
let standbys: Standbys
let launcher: Launcher
let taps: string[]
let vcpus: number
let now: number
/** Of the network that the machine was launched into. */
let plan: typeof PLAN
/** The template of exactly the size that is launched. */
let exact: StoredTemplate | null

const clock = { now: () => now, wait: systemClock.wait }
const open = async (countOfKind = 1): Promise<void> => {
  standbys = await createStandbys({
    ...{ home, driver, volumes, clock, countOfKind },
    spareTap: async (_, name, isWanted) => void taps.push(`${isWanted ? '+' : '-'}${name[0]}`),
    vcpusRunning: () => vcpus,
    templateOf: () => exact,
    log: silentLog,
  })
  const planOf = (): typeof PLAN => plan
  const templates = createFakeTemplates(home)
  const parts = { home, driver, volumes, templates, standbys, planOf }
  launcher = createLauncher({ ...parts, log: silentLog, clock })
}
/** As long as nobody launches for. */
const quiet = async (ms = 4_000): Promise<void> => {
  now += ms
  await vi.advanceTimersByTimeAsync(ms)
  await standbys.settled()
}
const wishOf = (spec: MachineSpec) => standbyWishOf(spec)!
/** The machine whose records took the names. */
const named = (names: StandbyNames): MachineSpec => {
  const { instanceId, uuid, mac, rootVolumeId: volumeId, interfaceId } = names
  const spec = machineOf()
  const taken = {
    ...spec,
    instanceId,
    vm: { ...spec.vm, instanceId, uuid },
    disks: [{ ...spec.disks[0]!, volumeId }],
    nics: [{ ...spec.nics[0]!, interfaceId, mac }],
  }
  plan = planned(taken)
  return taken
}
const planned = ({ nics }: MachineSpec) => ({
  ...PLAN,
  interfaces: [{ ...PLAN.interfaces[0]!, interfaceId: nics[0]!.interfaceId }],
})
const recordsOf = () => readdir(join(home, 'standbys'))
const launchedOnce = async (): Promise<StandbyNames> => {
  await launcher.start(machineOf(), true)
  await quiet()
  return standbys.take(wishOf(machineOf()))!
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
  home = await mkdtemp(join(tmpdir(), 'brume-standbys-'))
  await imageWrite(home)
  driver = createFakeDriver()
  volumes = createFakeVolumes()
  taps = []
  vcpus = 0
  now = 1_000_000
  plan = PLAN
  exact = storedTemplate(home)
  await open()
})
afterEach(async () => {
  vi.useRealTimers()
  await standbys.close()
  await rm(home, { recursive: true, maxRetries: 10 })
})

test('after a launch another such machine waits, rehearsed as nobody', async () => {
  await launcher.start(machineOf(), true)
  expect(driver.rehearsed).toHaveLength(0)
  await quiet()
  const [{ spec, rehearsal }] = driver.rehearsed as [(typeof driver.rehearsed)[0]]
  expect(Buffer.from(rehearsal.message()).toString()).toMatch(/^rehearse [0-9a-f]{96} /)
  expect(spec.instanceId).not.toBe(machineOf().instanceId)
  expect(spec.nics[0]!.tapName).toMatch(/^s[0-9a-f]{13}$/)
  expect(await recordsOf()).toEqual([`${spec.instanceId}.json`])
  expect([...(await standbys.counts()).values()]).toEqual([{ count: 1, memoryBytes: 0 }])
})

test('a size that was plugged together stands by once its own template is there, no launch in between', async () => {
  exact = null
  const spec = sized(machineOf(), 2, 1024)
  await launcher.start(spec, true)
  await quiet()
  expect(driver.rehearsed).toHaveLength(0)
  exact = storedTemplate(home, 'tiny-2x1024-0')
  standbys.templatesChanged()
  await standbys.settled()
  expect(driver.rehearsed.map(({ spec: vm }) => [vm.vcpus, vm.memoryMiB])).toEqual([[2, 1024]])
  expect([...(await standbys.counts()).keys()]).toEqual([exact.files.folder])
  expect(standbys.take(wishOf(spec))).not.toBeNull()
})

test('the template that comes right after a launch waits for the first login, too', async () => {
  exact = null
  await launcher.start(machineOf(), true)
  exact = storedTemplate(home)
  standbys.templatesChanged()
  await standbys.settled()
  expect(driver.rehearsed).toHaveLength(0)
  await quiet()
  expect(driver.rehearsed).toHaveLength(1)
})

test('one whose template is gone ends, and the next is of the template that came instead', async () => {
  await launcher.start(machineOf(), true)
  await quiet()
  const [old] = await recordsOf()
  exact = null
  standbys.templatesChanged()
  await standbys.settled()
  expect(await recordsOf()).toEqual([])
  exact = storedTemplate(home, 'tiny-1x512-anew')
  standbys.templatesChanged()
  await standbys.settled()
  expect([...(await standbys.counts()).keys()]).toEqual([exact.files.folder])
  expect(await recordsOf()).not.toContain(old)
})

test('what failed with one template is tried again with another', async () => {
  driver.onStandby = () => {
    throw new Error('no')
  }
  await launcher.start(machineOf(), true)
  await quiet()
  standbys.templatesChanged()
  await standbys.settled()
  expect(driver.rehearsed).toHaveLength(1)
  driver.onStandby = () => {}
  exact = storedTemplate(home, 'tiny-1x512-anew')
  standbys.templatesChanged()
  await standbys.settled()
  expect(driver.rehearsed).toHaveLength(2)
})

test('its names are given away once, and only for what it is', async () => {
  await launcher.start(machineOf(), true)
  await quiet()
  expect(standbys.take(wishOf(sized(machineOf(), 2, 1024)))).toBeNull()
  expect(standbys.take({ ...wishOf(machineOf()), vpcId: 'vpc-1' as never })).toBeNull()
  const taken = [standbys.take(wishOf(machineOf())), standbys.take(wishOf(machineOf()))]
  expect(taken).toEqual([expect.objectContaining({ mac: expect.stringMatching(/^02:/) }), null])
})

test('the machine of these names is woken with a message of its own, upon the disk that it has', async () => {
  const spec = named(await launchedOnce())
  const volume = volumes.files.get(spec.disks[0]!.volumeId)
  await launcher.prepare(spec)
  await launcher.start(spec, true)
  expect(driver.started).toHaveLength(2)
  const { spec: vm, launch } = driver.started[1]!
  expect(vm.uuid).toBe(spec.vm.uuid)
  expect(vm.disks[0]!.path).toBe(volume!.path)
  const message = Buffer.from(launch!.message()).toString()
  expect(message).toMatch(/^awaken /)
  expect(message).toContain(`\ninstance ${spec.instanceId}\n`)
  expect(volumes.deleted).toEqual([])
  expect(await recordsOf()).toEqual([])
  await quiet()
  expect(driver.rehearsed).toHaveLength(2)
})

test('its TAP gets its name from the first plan that has it', async () => {
  const spec = named(await launchedOnce())
  const [other, mine] = standbys.withTaps([PLAN, planned(spec)])
  expect([other, mine].map((plan) => plan!.interfaces[0]!.hasSpareTap)).toEqual([undefined, true])
  await standbys.tapsGiven([mine!], true)
  expect(standbys.withTaps([planned(spec)])[0]!.interfaces[0]!.hasSpareTap).toBeUndefined()
})

test('one whose TAP is lost is ended, and its machine an ordinary copy', async () => {
  const spec = named(await launchedOnce())
  await standbys.tapsGiven(standbys.withTaps([planned(spec)]), false)
  expect(standbys.has(spec.instanceId)).toBe(false)
  await launcher.start(spec, true)
  expect(driver.started[1]!.spec.memory?.mode).toBe('frozen')
  expect(volumes.deleted).toEqual([spec.disks[0]!.volumeId])
})

test.each([
  ['a larger disk', (spec: MachineSpec) => rooted(spec, 9)],
  ['a key of its own', (spec: MachineSpec) => withRoot(spec, { keys: 'sealed' })],
  [
    'another address',
    (spec: MachineSpec) => ({ ...spec, nics: [{ ...spec.nics[0]!, mac: '02' }] }),
  ],
  ['a TPM', (spec: MachineSpec) => ({ ...spec, vm: { ...spec.vm, hasTpm: true } })],
])('with %s it is not the machine of the records: that one begins anew', async (_, change) => {
  const names = await launchedOnce()
  const spec = change(named(names)) as MachineSpec
  await launcher.start(spec, true).catch(() => {})
  expect(driver.calls).toContain(`standbyEnd ${names.instanceId}`)
  expect(volumes.deleted[0]).toBe(names.rootVolumeId)
})

test('one that does not come to life costs its start, never the launch', async () => {
  const spec = named(await launchedOnce())
  let isFirst = true
  driver.onStart = () => {
    const fails = isFirst
    isFirst = false
    if (fails) throw new Error('the line to the guest was lost')
  }
  expect((await launcher.start(spec, true)).state).toBe('running')
  expect(driver.started.slice(1).map((one) => one.spec.memory?.mode)).toEqual(['frozen', 'frozen'])
  expect(volumes.deleted).toEqual([spec.disks[0]!.volumeId])
})

test('what was made of a machine that is not wanted any more is ended', async () => {
  const spec = named(await launchedOnce())
  launcher.cancel(spec.instanceId)
  expect(standbys.has(spec.instanceId)).toBe(false)
})

test('names that no launch came for, and kinds that nobody launches, end', async () => {
  const names = await launchedOnce()
  await quiet(75_000)
  expect(standbys.has(names.instanceId)).toBe(false)
  expect(driver.rehearsed).toHaveLength(2)
  await quiet(31 * 60_000)
  expect((await standbys.counts()).size).toBe(0)
  expect(await recordsOf()).toEqual([])
})

test('a launch that comes too late waits until what was made for it is away, and has a disk of its own', async () => {
  const spec = named(await launchedOnce())
  const { volumeId } = spec.disks[0]!
  const { delete: remove } = volumes
  const may = Promise.withResolvers<void>()
  volumes.delete = async (id) => {
    await may.promise
    await remove(id)
  }
  // The standby is being ended, because nobody came.
  now += 75_000
  await vi.advanceTimersByTimeAsync(15_000)
  expect(standbys.has(spec.instanceId)).toBe(false)
  const launched = launcher.start(spec, true)
  await vi.advanceTimersByTimeAsync(50)
  expect(driver.calls).not.toContain(`start ${spec.instanceId}`)
  may.resolve()
  await launched
  expect(volumes.deleted).toEqual([volumeId])
  expect(volumes.files.has(volumeId)).toBe(true)
})

test('what cannot be taken away is launched over by nobody, and keeps nobody from starting', async () => {
  const spec = named(await launchedOnce())
  const { delete: remove } = volumes
  volumes.delete = () => Promise.reject(new Error('no space left'))
  launcher.cancel(spec.instanceId)
  await vi.advanceTimersByTimeAsync(0)
  await expect(launcher.start(spec, true)).rejects.toThrow('no space left')
  await open()
  await expect(launcher.start(spec, true)).rejects.toThrow('no space left')
  expect(driver.calls).not.toContain(`start ${spec.instanceId}`)
  volumes.delete = remove
  await launcher.start(spec, true)
  expect(volumes.files.has(spec.disks[0]!.volumeId)).toBe(true)
  expect(await recordsOf()).toEqual([])
})

test('what a dead daemon leaves ends at the next start', async () => {
  const { instanceId, rootVolumeId } = await launchedOnce()
  driver.calls.length = 0
  await open()
  expect(driver.calls).toEqual(expect.arrayContaining([`remove ${instanceId}`]))
  expect(volumes.deleted).toEqual([rootVolumeId])
  expect(taps.at(-1)).toBe('-s')
  expect(await recordsOf()).toEqual([])
})

test('a record that a damaged disk left unreadable keeps nothing from starting', async () => {
  const { instanceId } = await launchedOnce()
  await writeFile(join(home, 'standbys', 'i-0123456789abcdef0.json'), '{"nam')
  await open()
  expect(driver.calls).toEqual(expect.arrayContaining([`remove ${instanceId}`]))
  expect(await recordsOf()).toEqual(['i-0123456789abcdef0.json'])
})

test.each([
  ['0 of a kind are asked for', () => open(0)],
  ['the host runs as many as it promises', () => void (vcpus = 10_000)],
  [
    'its image does not know how to rehearse',
    async () => {
      await imageWrite(home, undefined, { launchPort: { version: 1, hostKeys: 'dropbear' } })
    },
  ],
  [
    'it cannot be made',
    () =>
      void (driver.onStandby = () => {
        throw new Error('no')
      }),
  ],
])('none waits when %s', async (_, arrange) => {
  await arrange()
  await launcher.start(machineOf(), true)
  await quiet()
  expect(standbys.take(wishOf(machineOf()))).toBeNull()
  expect(await recordsOf()).toEqual([])
})

function withRoot(spec: MachineSpec, change: object): MachineSpec {
  return { ...spec, disks: [{ ...spec.disks[0]!, ...change } as MachineSpec['disks'][number]] }
}
