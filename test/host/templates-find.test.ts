/** Which template a machine is given: the best that is there, never one that is somebody else's or does not fit. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTemplates, type Templates } from '../../src/agent/templates/templates.ts'
import type { HypervisorReport, MachineSpec } from '../../src/domain/machine.ts'
import type { TemplateWish } from '../../src/domain/template.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createFakeDriver, type FakeDriver } from '../support/fake-driver.ts'
import {
  ACCOUNT,
  createSteppedClock,
  DISK,
  imageWrite,
  machineFrom,
  machineOf,
  REPORT,
  rooted,
  sized,
} from '../support/frozen.ts'

let home: string
let driver: FakeDriver
let templates: Templates
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-templates-'))
  const folder = await imageWrite(home, 'tiny/1')
  await exec('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, DISK), '64M'])
  driver = createFakeDriver()
  templates = await createTemplates({
    home,
    root: join(home, 'templates'),
    driver,
    report: REPORT,
    layerPath: (layerId) => layerId,
    filesBeneathVolumes: async () => new Set(),
    log: silentLog,
    clock: createSteppedClock(),
  })
  await want(wishOf())
})
afterAll(async () => {
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

describe('the best for a machine', () => {
  const found = async (spec: MachineSpec) => (await templates.find(spec))?.record.shape ?? null

  test('is the one of its size, else one that can be made its size', async () => {
    const small = await found(machineOf())
    expect(small).toMatchObject({ vcpus: 1, memoryMiB: 512 })
    const spec = sized(machineOf(), 2, 1024)
    expect(await found(spec)).toEqual(small)
    expect(templates.exact(spec)).toBeNull()
    templates.wanted(spec)
    templates.wanted(spec)
    await templates.settled()
    expect(driver.started).toHaveLength(2)
    expect(await found(spec)).toMatchObject({ vcpus: 2, memoryMiB: 1024, memoryMaxMiB: 1024 })
    expect(templates.exact(spec)?.record.shape).toEqual(await found(spec))
    expect(templates.exact(rooted(spec, 8))).toBeNull()
    expect(await found(machineOf())).toEqual(small)
    expect(await found(sized(machineOf(), 1, 256))).toBeNull()
  })

  test('is never somebody else’s: an image of one account is copied by that account alone', async () => {
    await want(wishOf({ account: ACCOUNT }))
    expect(await found(machineOf())).not.toBeNull()
    expect(await found(machineOf({ account: '444455556666' as never }))).toBeNull()
    await want(wishOf())
    expect(await found(machineOf({ account: '444455556666' as never }))).not.toBeNull()
  })

  const pinned = (pin: Partial<HypervisorReport>): MachineSpec => {
    const { machineType, cpuModel, accelerator } = { ...REPORT, ...pin }
    const spec = machineOf()
    return { ...spec, vm: { ...spec.vm, pinned: { machineType, cpuModel, accelerator } } }
  }
  const [root0] = machineOf().disks
  const [nic] = machineOf().nics
  const data = { ...root0!, volumeId: 'vol-0dddddddddddddddd' as never, isRoot: false }
  test.each<[string, MachineSpec, boolean]>([
    ['a larger root volume', rooted(machineOf(), 8), true],
    ['a pin of what is here', pinned({}), true],
    [
      'as many disks as there are ports for',
      machineOf({ disks: [root0!, data, data, data] }),
      true,
    ],
    ['a machine that is told nothing', machineOf({ launch: null }), false],
    ['a machine of an older control plane', machineOf({ launch: undefined }), false],
    ['no interface', machineOf({ nics: [] }), false],
    ['one interface more', machineOf({ nics: [nic!, nic!, nic!] }), false],
    ['one disk more', machineOf({ disks: [root0!, data, data, data, data] }), false],
    ['as many interfaces as there are ports for', machineOf({ nics: [nic!, nic!] }), true],
    ['a pin of another machine type', pinned({ machineType: 'pc-q35-6.2' }), false],
    ['another image', machineFrom('tiny/2'), false],
    ['a root that is no image', machineOf({ disks: [{ ...root0!, source: null }] }), false],
  ])('%s', async (_, spec, isFound) => {
    expect((await found(spec)) !== null).toBe(isFound)
  })

  test('a root volume smaller than the template’s', async () => {
    await want(wishOf({ rootSizeGiB: 2 }))
    expect(await found(rooted(machineOf(), 1))).toBeNull()
    expect(await found(rooted(machineOf(), 2))).not.toBeNull()
  })
})
