/** Starting machines as copies of templates: what the driver is told, and what happens when a copy does not live. */
import { cpus, tmpdir } from 'node:os'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLauncher, type Launcher } from '../../../src/agent/launch.ts'
import type { StoredTemplate } from '../../../src/agent/templates/store.ts'
import type { Templates } from '../../../src/agent/templates/templates.ts'
import type { MachineSpec } from '../../../src/domain/machine.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { systemClock } from '../../../src/lib/time.ts'
import { eventually } from '../../support/eventually.ts'
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

const GIB = 1024 ** 3

let home: string
let driver: FakeDriver
let volumes: FakeVolumes
let template: StoredTemplate
let asked: { found: number; used: string[]; wanted: MachineSpec[]; distrusted: string[] }
let find: Templates['find']
let launcher: Launcher
let imageDisk: string

const fakeTemplates = (): Templates => ({
  ...createFakeTemplates(home),
  find: (spec) => {
    asked.found++
    return find(spec)
  },
  wanted: (spec) => void asked.wanted.push(spec),
  used: ({ record }) => void asked.used.push(record.key),
  distrust: async ({ record }) => void asked.distrusted.push(record.key),
})
const launcherOf = (templates: Templates | null, planOf = () => PLAN as typeof PLAN | undefined) =>
  createLauncher({
    home,
    driver,
    volumes,
    templates,
    standbys: null,
    planOf,
    log: silentLog,
    clock: systemClock,
  })

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-launch-'))
  imageDisk = join(await imageWrite(home), 'disk.qcow2')
  driver = createFakeDriver()
  volumes = createFakeVolumes()
  template = storedTemplate(home)
  asked = { found: 0, used: [], wanted: [], distrusted: [] }
  find = async () => template
  launcher = launcherOf(fakeTemplates())
})
afterEach(() => rm(home, { recursive: true }))

const backingOf = (spec: MachineSpec) => volumes.files.get(spec.disks[0]!.volumeId)?.backing?.path
const copiesFail = (): void => {
  driver.onStart = (spec) => {
    if (spec.memory) throw new Error('the state of the machine was not taken over')
  }
}
const messageOf = (at = 0): string => Buffer.from(driver.started[at]!.launch!.message()).toString()

test('a new machine is a copy: its disk upon the template’s, its memory from there, told who it is', async () => {
  const spec = machineOf()
  await launcher.start(spec, true)
  expect(driver.started).toHaveLength(1)
  const [{ spec: vm }] = driver.started as [(typeof driver.started)[0]]
  expect(vm.memory).toEqual({
    mode: 'frozen',
    memoryPath: template.files.memory,
    statePath: template.files.state,
    shape: template.record.shape,
    hasGenerationId: true,
    marks: null,
    rootSizeBytes: null,
  })
  expect(backingOf(spec)).toBe(template.files.disk)
  expect(messageOf()).toContain(
    `\ninstance ${spec.instanceId}\nhostname ip-172-31-0-5.ec2.internal\n`,
  )
  expect(messageOf()).not.toContain('\ngrow\n')
  expect(messageOf()).toContain('\nroot-device /dev/xvda\n')
  expect(asked).toMatchObject({ found: 1, used: [template.record.key], wanted: [], distrusted: [] })
})

test('a root disk by a name that no guest would find is not told, and no device that its kernel does not heed is there', async () => {
  const launchPort = { version: 1, hostKeys: 'dropbear', heedsGenerationId: false } as const
  await imageWrite(home, undefined, { launchPort })
  const [root] = machineOf().disks
  await launcher.start(machineOf({ disks: [{ ...root!, deviceName: 'root' }] }), true)
  expect(messageOf()).not.toContain('root-device')
  expect(driver.started[0]!.spec.memory).toMatchObject({ hasGenerationId: false })
})

test('every message has entropy of its own', async () => {
  await launcher.start(machineOf({}, 1), true)
  await launcher.start(machineOf({}, 2), true)
  const words = [0, 1].flatMap((at) => [messageOf(at).split(' ')[1], messageOf(at).split(' ')[1]])
  expect(new Set(words).size).toBe(4)
  expect(words[0]).toMatch(/^[0-9a-f]{96}$/)
})

test('a size that was plugged together is worth a template of its own', async () => {
  const spec = sized(machineOf(), 2, 1024)
  await launcher.start(spec, true)
  expect(asked.wanted).toEqual([spec])
  expect(messageOf()).toMatch(/\ncpus 1\nmemory-blocks 8\n/)
})

test('a root volume larger than the template’s is made of its size, and grown when the copy is there', async () => {
  await launcher.start(rooted(machineOf(), 9), true)
  expect(driver.started[0]!.spec.memory).toMatchObject({ rootSizeBytes: 9 * GIB })
  expect(volumes.files.get(machineOf().disks[0]!.volumeId)?.sizeBytes).toBe(GIB)
  expect(messageOf()).toContain('\ngrow\n')
})

test('user data gives the guest longer', async () => {
  await launcher.start(machineOf({}, 1), true)
  const launch = { ...machineOf().launch!, userData: Buffer.from('#!/bin/sh').toString('base64') }
  await launcher.start(machineOf({ launch }, 2), true)
  const [plain, withData] = driver.started.map((one) => one.launch!.timeoutMs)
  expect(withData).toBeGreaterThan(plain!)
})

test.each([
  ['it ran before', false, true],
  ['there are no templates', true, false],
])('a machine boots when %s', async (_, isFirst, hasTemplates) => {
  const spec = machineOf()
  await launcherOf(hasTemplates ? fakeTemplates() : null).start(spec, isFirst)
  expect(driver.started[0]).toMatchObject({ spec: { memory: null }, launch: undefined })
  expect(backingOf(spec)).toBe(imageDisk)
  expect(asked.found).toBe(0)
})

test('and when no template fits', async () => {
  find = async () => null
  await launcher.start(machineOf(), true)
  expect(driver.started[0]!.spec.memory).toBeNull()
})

test('a copy that fails boots instead, from a fresh disk, and its template is distrusted', async () => {
  copiesFail()
  const spec = machineOf()
  const observation = await launcher.start(spec, true)
  expect(observation.state).toBe('running')
  expect(driver.started.map((one) => one.spec.memory?.mode)).toEqual(['frozen', undefined])
  expect(volumes.deleted).toEqual([spec.disks[0]!.volumeId])
  expect(backingOf(spec)).toBe(imageDisk)
  expect(asked).toMatchObject({ used: [], distrusted: [template.record.key] })
})

test('a machine that cannot boot either tells nothing about its template', async () => {
  driver.onStart = () => {
    throw new Error('no TAP')
  }
  await expect(launcher.start(machineOf(), true)).rejects.toThrow('no TAP')
  expect(asked).toMatchObject({ used: [], distrusted: [] })
})

test('a copy that nobody wants any more is given up: no boot, and no fault of the template', async () => {
  const spec = machineOf()
  const begun = Promise.withResolvers<AbortSignal>()
  driver.onStart = () => {
    const { signal } = driver.started[0]!.launch!
    begun.resolve(signal!)
    return new Promise((_, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason as Error))
    })
  }
  const starting = launcher.start(spec, true)
  launcher.cancel(machineOf({}, 7).instanceId)
  expect((await begun.promise).aborted).toBe(false)
  launcher.cancel(spec.instanceId)
  await expect(starting).rejects.toThrow('not wanted any more')
  expect(driver.started).toHaveLength(1)
  expect(asked).toMatchObject({ used: [], distrusted: [] })
  // Whoever wants it again gets a fresh copy, not what is left of this one.
  driver.onStart = () => {}
  await launcher.start(spec, true)
  expect(volumes.deleted).toEqual([spec.disks[0]!.volumeId])
  expect(driver.started[1]!.spec.memory).not.toBeNull()
})

test('what was prepared for a machine that was then not wanted is chosen anew', async () => {
  const spec = machineOf()
  await launcher.prepare(spec)
  launcher.cancel(spec.instanceId)
  const later = storedTemplate(home, 'tiny-1x512-later')
  find = async () => later
  await launcher.start(spec, true)
  expect(driver.started[0]!.spec.memory).toMatchObject({ memoryPath: later.files.memory })
  expect(backingOf(spec)).toBe(later.files.disk)
})

test('a data volume is kept when the copy fails', async () => {
  copiesFail()
  const [root] = machineOf().disks
  const data = { ...root!, volumeId: 'vol-0dddddddddddddddd' as never, isRoot: false, source: null }
  const spec = machineOf({ disks: [root!, data] })
  await launcher.start(spec, true)
  expect(volumes.deleted).toEqual([root!.volumeId])
})

test('when booting fails too, that is the error', async () => {
  driver.onStart = (spec) => {
    throw new Error(spec.memory ? 'no copy' : 'no boot')
  }
  await expect(launcher.start(machineOf(), true)).rejects.toThrow('no boot')
})

test('a network that is not there yet is no start of a copy, and the machine boots', async () => {
  const spec = machineOf()
  await launcherOf(fakeTemplates(), () => undefined).start(spec, true)
  expect(driver.started.map((one) => one.spec.memory)).toEqual([null])
  expect(backingOf(spec)).toBe(imageDisk)
})

test('what was prepared is what is started, though a better template has come meanwhile', async () => {
  const spec = machineOf()
  await launcher.prepare(spec)
  expect(backingOf(spec)).toBe(template.files.disk)
  expect(driver.started).toEqual([])
  const better = storedTemplate(home, 'tiny-1x512-better')
  find = async () => better
  await launcher.start(spec, true)
  expect(driver.started[0]!.spec.memory).toMatchObject({ memoryPath: template.files.memory })
  expect(volumes.deleted).toEqual([])
  expect(asked.found).toBe(1)
})

test('and a machine that was prepared to boot boots', async () => {
  find = async () => null
  const spec = machineOf()
  await launcher.prepare(spec)
  find = async () => template
  await launcher.start(spec, true)
  expect(driver.started[0]!.spec.memory).toBeNull()
})

test('the choice is forgotten with the start', async () => {
  const spec = machineOf()
  await launcher.prepare(spec)
  await launcher.start(spec, true)
  await launcher.prepare(machineOf({}, 2))
  await launcher.start(machineOf({}, 2), true)
  await launcher.start(machineOf({}, 3), true)
  expect(asked.found).toBe(3)
})

test('preparing never throws: the start meets the same trouble and says so', async () => {
  volumes.ensure = () => Promise.reject(new Error('the disk is full'))
  await launcher.prepare(machineOf())
  await expect(launcher.start(machineOf(), true)).rejects.toThrow('the disk is full')
})

test('what an earlier try left upon a template is discarded', async () => {
  const spec = machineOf()
  const [{ volumeId }] = spec.disks as [MachineSpec['disks'][0]]
  const old = storedTemplate(home, 'tiny-1x512-old').files.disk
  await volumes.ensure({ volumeId, sizeGiB: 1, source: { path: old, format: 'qcow2' } })
  await launcher.start(spec, true)
  expect(volumes.deleted).toEqual([volumeId])
  expect(backingOf(spec)).toBe(template.files.disk)
})

test('a root disk that was made to boot is never put beneath a copy’s memory', async () => {
  const spec = machineOf()
  const [{ volumeId }] = spec.disks as [MachineSpec['disks'][0]]
  await volumes.ensure({ volumeId, sizeGiB: 1, source: { path: imageDisk, format: 'qcow2' } })
  await launcher.start(spec, true)
  expect(driver.started.map((one) => one.spec.memory)).toEqual([null])
  expect(volumes.deleted).toEqual([])
  expect(backingOf(spec)).toBe(imageDisk)
})

test('more copies than the limit wait for their turn', async () => {
  const limit = cpus().length * 2
  const holds: (() => void)[] = []
  driver.onStart = () => new Promise((resolve) => holds.push(resolve))
  const all = Array.from({ length: limit + 3 }, (_, at) => launcher.start(machineOf({}, at), true))
  await eventually(
    () => driver.started.length,
    (count) => count === limit,
  )
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  expect(driver.started).toHaveLength(limit)
  // A machine that boots does not queue behind them.
  const booting = launcher.start(machineOf({}, 99), false)
  await eventually(
    () => driver.started.length,
    (count) => count === limit + 1,
  )
  for (let done = 0; done < limit + 4; done++) {
    await eventually(
      () => holds.length,
      (count) => count > 0,
    )
    holds.shift()!()
  }
  await Promise.all([...all, booting])
  expect(asked.used).toHaveLength(limit + 3)
})
