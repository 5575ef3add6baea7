/**
 * The host's templates over real folders and real overlays; only the machines that are frozen are not. What is made,
 * found, thrown away and kept, and what happens around crashes.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTemplates,
  type Templates,
  type TemplatesOptions,
} from '../../src/agent/templates/templates.ts'
import type { HypervisorReport, VmSpec } from '../../src/domain/machine.ts'
import type { TemplateReport, TemplateWish } from '../../src/domain/template.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeDriver, fakeObservation, type FakeDriver } from '../support/fake-driver.ts'
import {
  createSteppedClock,
  DISK,
  imageWrite,
  machineFrom,
  machineOf,
  REPORT,
  sized,
} from '../support/frozen.ts'

/** What is left of a template whose disk lies beneath a volume. */
const RETIRED = ['disk.qcow2', 'marks.json', 'template.json']

let home: string
let root: string
let driver: FakeDriver
let templates: Templates
/** What volumes lie upon. */
let needed: Set<string>
const clock = createSteppedClock()

const open = (change: Partial<TemplatesOptions> = {}): Promise<Templates> =>
  createTemplates({
    home,
    root,
    driver,
    report: REPORT,
    layerPath: (layerId) => layerId,
    filesBeneathVolumes: async () => needed,
    log: silentLog,
    clock,
    ...change,
  })
const reopen = async (change: Partial<TemplatesOptions> = {}): Promise<void> => {
  await templates.close()
  templates = await open(change)
}

/** The disk of every image. */
let blank: string
beforeAll(async () => {
  blank = join(await mkdtemp(join(tmpdir(), 'brume-blank-')), DISK)
  await exec('qemu-img', ['create', '-q', '-f', 'qcow2', blank, '64M'])
})
afterAll(() => rm(join(blank, '..'), { recursive: true }))

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-templates-'))
  root = join(home, 'templates')
  driver = createFakeDriver()
  needed = new Set()
  for (const version of ['1', '2', '3']) {
    await copyFile(blank, join(await imageWrite(home, `tiny/${version}`), DISK))
  }
  templates = await open()
})
afterEach(async () => {
  await templates.close()
  await rm(home, { recursive: true })
})

const wishOf = (change: Partial<TemplateWish> = {}): TemplateWish => ({
  imageId: 'ami-0123456789abcdef0' as never,
  imageFolder: 'tiny/1',
  file: DISK,
  rootSizeGiB: 1,
  account: null,
  ...change,
})
const want = async (...wishes: TemplateWish[]): Promise<void> => {
  await templates.ensure(wishes)
  await templates.settled()
}
const states = () => templates.list().map(({ imageFolder, state }) => `${imageFolder} ${state}`)
const one = (): TemplateReport => {
  expect(templates.list()).toHaveLength(1)
  return templates.list()[0]!
}
const folders = async (): Promise<string[]> =>
  (await readdir(root)).filter((name) => !name.startsWith('.machines'))
const builds = () => driver.started.length

describe('a wish', () => {
  test('becomes a template: made in the background, then ready', async () => {
    const seen: string[] = []
    templates.onChange(() => seen.push(states().join()))
    await want(wishOf())
    expect([...new Set(seen)]).toEqual(['tiny/1 building', 'tiny/1 ready'])
    const { folder, sizeBytes, key } = one()
    expect(sizeBytes).toBeGreaterThan(4 * 1024 * 1024)
    expect(key).toMatch(/^tiny-1x512-[0-9a-f]{12}$/)
    expect((await readdir(folder!)).sort()).toEqual([
      ...['disk.qcow2', 'marks.json', 'memory', 'state', 'template.json'],
    ])
    expect((await stat(join(folder!, DISK))).uid).toBe(process.getuid!())
  })

  test('is a machine of nobody, in no network, that leaves nothing behind', async () => {
    await want(wishOf({ rootSizeGiB: 3 }))
    const { spec } = driver.started[0]!
    expect(spec).toMatchObject({
      instanceType: 'brume.template'.padEnd(28),
      namespace: null,
      memory: { mode: 'to-freeze' },
      boot: { mode: 'kernel' },
      nics: [{ deviceIndex: 0 }],
    } satisfies Partial<Record<keyof VmSpec, unknown>>)
    expect(spec.uuid).toMatch(/^ec2[0-9a-f]{5}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(driver.machines.size).toBe(0)
    expect(driver.calls.at(-1)).toBe(`remove ${spec.instanceId}`)
    const info = await exec('qemu-img', ['info', '--output=json', join(one().folder!, DISK)])
    expect(JSON.parse(info.stdout)).toMatchObject({
      'virtual-size': 3 * 1024 ** 3,
      'backing-filename': join(home, 'images/tiny/1', DISK),
    })
  })

  test('that is stated again, or after a new start, makes nothing anew', async () => {
    await want(wishOf())
    await want(wishOf())
    const { key } = one()
    await reopen()
    expect(one().key).toBe(key)
    await want(wishOf())
    expect(builds()).toBe(1)
  })

  test('that is dropped takes its template away', async () => {
    await want(wishOf(), wishOf({ imageFolder: 'tiny/2' }))
    expect(states()).toHaveLength(2)
    await want(wishOf({ imageFolder: 'tiny/2' }))
    expect(states()).toEqual(['tiny/2 ready'])
    await want()
    expect([states(), await folders()]).toEqual([[], []])
  })

  test('that is dropped while its template is made', async () => {
    const held = Promise.withResolvers<void>()
    driver.onFreeze = () => held.promise
    await templates.ensure([wishOf()])
    await eventually(builds, (count) => count === 1)
    await templates.ensure([])
    held.resolve()
    await templates.settled()
    expect([states(), await folders()]).toEqual([[], []])
  })

  test('that is stated again while its template becomes ready makes it once', async () => {
    const counted = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    let hold = false
    await reopen({
      layerPath: (layerId) => layerId,
      filesBeneathVolumes: async () => {
        const isHeld = hold
        hold = false
        if (isHeld) await counted.promise
        return needed
      },
    })
    driver.onFreeze = () => held.promise
    await templates.ensure([wishOf()])
    await eventually(builds, (count) => count === 1)
    hold = true
    const again = templates.ensure([wishOf()])
    await eventually(
      () => hold,
      (isFree) => !isFree,
    )
    held.resolve()
    await eventually(folders, (names) => names.some((name) => !name.startsWith('.')))
    counted.resolve()
    await again
    await templates.settled()
    expect([builds(), states()]).toEqual([1, ['tiny/1 ready']])
  })
})

describe('a build that fails', () => {
  test('says why, leaves nothing, and is tried again when wishes are stated anew', async () => {
    driver.onFreeze = () => Promise.reject(new Error("the guest says 'refused'"))
    await want(wishOf())
    expect(one()).toMatchObject({ state: 'failed', reason: "the guest says 'refused'" })
    expect([await folders(), driver.machines.size]).toEqual([[], 0])
    driver.onFreeze = () => {}
    await want(wishOf())
    expect(one()).toMatchObject({ state: 'ready', reason: null })
  })

  test('does not keep the next from being made, nor the host busy for ever', async () => {
    driver.onStart = (spec) => {
      if (spec.disks[0]!.backing!.path.includes('tiny/1')) throw new Error('no')
    }
    await want(wishOf(), wishOf({ imageFolder: 'tiny/2' }))
    expect(states().sort()).toEqual(['tiny/1 failed', 'tiny/2 ready'])
    for (let vcpus = 2; vcpus < 6; vcpus++) {
      const spec = machineFrom('tiny/2')
      templates.wanted(sized(spec, vcpus, 1024))
      await templates.settled()
    }
    const tries = driver.started.filter(({ spec }) =>
      spec.disks[0]!.backing!.path.includes('tiny/1'),
    )
    expect(tries).toHaveLength(2)
  })

  test('because the image cannot be frozen, or is gone', async () => {
    await imageWrite(home, 'tiny/1', { launchPort: undefined })
    await want(wishOf(), wishOf({ imageFolder: 'tiny/none' }))
    expect(templates.list().map(({ reason }) => reason)).toEqual([
      'the image cannot be frozen',
      'the image tiny/none is not on this host',
    ])
    expect(builds()).toBe(0)
  })
})

describe('a template that failed a launch', () => {
  test('is taken away and made anew', async () => {
    await want(wishOf())
    const before = (await templates.find(machineOf()))!
    const held = Promise.withResolvers<void>()
    driver.onFreeze = () => held.promise
    await templates.distrust(before)
    expect(await templates.find(machineOf())).toBeNull()
    expect(existsSync(before.files.memory)).toBe(false)
    held.resolve()
    await templates.settled()
    expect((await templates.find(machineOf()))!.files.folder).not.toBe(before.files.folder)
    expect(builds()).toBe(2)
  })

  test('twice at once is made anew once', async () => {
    await want(wishOf())
    const template = (await templates.find(machineOf()))!
    await Promise.all([templates.distrust(template), templates.distrust(template)])
    await templates.settled()
    expect([builds(), states()]).toEqual([2, ['tiny/1 ready']])
  })

  test('is taken away also when others were made while the launch was failing', async () => {
    await want(wishOf())
    const template = (await templates.find(machineOf()))!
    await want(wishOf(), wishOf({ imageFolder: 'tiny/2' }))
    await templates.distrust(template)
    await templates.settled()
    expect((await templates.find(machineOf()))!.files.folder).not.toBe(template.files.folder)
    expect(existsSync(template.files.memory)).toBe(false)
  })
})

describe('on disk', () => {
  test('the disk beneath a volume outlives its template, and goes after the volume', async () => {
    await want(wishOf())
    const { files } = (await templates.find(machineOf()))!
    needed.add(files.disk)
    await want()
    expect(states()).toEqual([])
    expect((await readdir(files.folder)).sort()).toEqual(RETIRED)
    await reopen()
    await want()
    expect(existsSync(files.disk)).toBe(true)
    needed.clear()
    await reopen()
    expect(await folders()).toEqual([])
  })

  test('the disk of a template that a launch was given stays, though no volume lies on it yet', async () => {
    await want(wishOf())
    const { files } = (await templates.find(machineOf()))!
    await want()
    expect((await readdir(files.folder)).sort()).toEqual(RETIRED)
    expect(await templates.find(machineOf())).toBeNull()
    // The launch never came to it; a later start finds that out.
    await reopen()
    expect(await folders()).toEqual([])
  })

  test('what is least recently used goes first when there is too much', async () => {
    // Each takes a little over 4 MiB.
    await reopen({ diskBytesMax: 10 * 1024 * 1024 })
    await want(wishOf(), wishOf({ imageFolder: 'tiny/2' }))
    expect(states()).toHaveLength(2)
    const first = (await templates.find(machineFrom('tiny/1')))!
    const usedFrom = (await stat(first.files.state)).mtimeMs
    templates.used(first)
    await eventually(
      async () => (await stat(first.files.state)).mtimeMs,
      (at) => at > usedFrom,
    )
    await want(...['1', '2', '3'].map((one) => wishOf({ imageFolder: `tiny/${one}` })))
    expect(states().sort()).toEqual(['tiny/1 ready', 'tiny/3 ready'])
    const bytes = templates.list().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    expect(bytes).toBeLessThanOrEqual(10 * 1024 * 1024)
  })

  test('what went for want of room comes back when a launch has use for it, not by itself', async () => {
    await reopen({ diskBytesMax: 5 * 1024 * 1024 })
    const both = [wishOf(), wishOf({ imageFolder: 'tiny/2' })]
    await want(...both)
    expect(states()).toEqual(['tiny/2 ready'])
    await want(...both)
    await want(...both)
    expect([builds(), states()]).toEqual([2, ['tiny/2 ready']])
    expect(await templates.find({ ...machineFrom('tiny/1'), launch: null })).toBeNull()
    await templates.settled()
    expect(builds(), 'one that boots anyway has no use for it').toBe(2)
    expect(await templates.find(machineFrom('tiny/1'))).toBeNull()
    await templates.settled()
    expect([builds(), states()]).toEqual([3, ['tiny/1 ready']])
    // Nor does it stay away when somebody begins anew.
    await want()
    await want(wishOf({ imageFolder: 'tiny/2' }))
    expect([builds(), states()]).toEqual([4, ['tiny/2 ready']])
  })

  test('a use is still known after a new start', async () => {
    await want(wishOf())
    templates.used((await templates.find(machineOf()))!)
    const { lastUsedAt } = one()
    expect(lastUsedAt).not.toBeNull()
    await eventually(
      async () => (await reopen(), one().lastUsedAt),
      (at) => at !== null && Math.abs(at - lastUsedAt!) < 1,
    )
  })

  test.each<[string, Partial<HypervisorReport>]>([
    ['QEMU', { qemuVersion: '8.2.0' }],
    ['machine type', { machineType: 'pc-q35-8.2' }],
    ['CPU model', { cpuModel: 'host' }],
    ['accelerator', { accelerator: 'kvm' }],
  ])('a template of another %s is removed and made anew', async (_, change) => {
    await want(wishOf())
    const { folder } = one()
    await reopen({ report: { ...REPORT, ...change } })
    expect([states(), existsSync(folder!)]).toEqual([[], false])
    await want(wishOf())
    expect([states(), builds()]).toEqual([['tiny/1 ready'], 2])
  })
})

describe('around a crash', () => {
  test('machines that were being frozen are ended at the start, and folders half made removed', async () => {
    await templates.close()
    const id = 'i-0aaaaaaaaaaaaaaaa'
    driver.machines.set(id, fakeObservation(id, 'running'))
    await mkdir(join(root, '.new-tiny-1x512-aaaaaa-bb'), { recursive: true })
    driver.calls.length = 0
    templates = await open()
    expect(driver.calls).toEqual([`stop ${id}`, `remove ${id}`])
    expect(await folders()).toEqual([])
  })

  test('closing ends a machine that is being frozen, and its build', async () => {
    driver.onFreeze = () => new Promise(() => {})
    await templates.ensure([wishOf()])
    await eventually(
      () => driver.calls.some((call) => call.startsWith('freeze')),
      (isFreezing) => isFreezing,
    )
    await templates.close()
    expect(driver.machines.size).toBe(0)
    expect(await folders()).toEqual([])
  })

  test('closing while such a machine is only starting ends it as well', async () => {
    const held = Promise.withResolvers<void>()
    driver.onStart = () => held.promise
    driver.onFreeze = () => new Promise(() => {})
    await templates.ensure([wishOf()])
    await eventually(builds, (count) => count === 1)
    const closed = templates.close()
    held.resolve()
    await closed
    expect([driver.machines.size, await folders()]).toEqual([0, []])
  })
})
