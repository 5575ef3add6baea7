/**
 * GPUs are given to one machine at a time and come back, whatever happens between: on trees of sysfs with a kernel that
 * answers as Linux does (sysfs/trees.ts). No card is at hand where tests run: VFIO itself is not proved here.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InstanceId } from '../../../src/domain/ids.ts'
import { createGpuKeeper, type Sysfs } from '../../../src/hypervisor/qemu/gpus.ts'
import { pciDevices } from '../../../src/hypervisor/pci.ts'
import { createLog } from '../../../src/lib/log.ts'
import { kernelOf, make, NO_IOMMU, SERVER, WORKSTATION } from './sysfs/trees.ts'

const A = 'i-0000000000000000a' as InstanceId
const B = 'i-0000000000000000b' as InstanceId
const CARD = ['0000:01:00.0', '0000:01:00.1']
const one = { vendor: 'NVIDIA', count: 1 }

let folder: string
let root: string
const living = new Set<InstanceId>()
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-gpus-'))
  root = join(folder, 'sys')
  living.clear()
})
afterEach(() => rm(folder, { recursive: true }))

const keeper = (sysfs: Sysfs) =>
  createGpuKeeper({
    instancesFolder: join(folder, 'instances'),
    sysfs,
    isLiving: (id) => living.has(id),
    log: createLog({ level: 'fatal' }),
  })
const driversOf = async (addresses: readonly string[]): Promise<(string | null)[]> =>
  (await pciDevices(root)).filter((d) => addresses.includes(d.address)).map((d) => d.driver)

test('a card is bound whole, nobody else gets it, and the host has its drivers back', async () => {
  await make(root, WORKSTATION)
  const kernel = kernelOf(root, WORKSTATION)
  const gpus = keeper(kernel)
  const cards = await gpus.take(A, one)
  // Its two registers of memory.
  expect(cards).toEqual([{ functions: CARD, windowBytes: 32 * 1024 ** 3 + 16 * 1024 ** 2 }])
  expect(await driversOf(CARD)).toEqual(['vfio-pci', 'vfio-pci'])
  expect(kernel.log[0]).toBe('modprobe vfio-pci')
  const listed = await gpus.list({ hasKvm: true })
  expect(listed.find(({ address }) => address === CARD[0])).toMatchObject({ heldBy: A })
  await expect(gpus.take(B, one)).rejects.toThrow(
    'another machine has it; 1 is needed, 0 can be had',
  )
  await gpus.giveBack(A)
  expect(await driversOf(CARD)).toEqual(['nouveau', 'snd_hda_intel'])
  expect(kernel.overrides.size).toBe(0)
  expect(await gpus.take(B, one)).toHaveLength(1)
  expect(await gpus.take(A, null)).toEqual([])
})

test('what the host had given to VFIO when it booted stays there', async () => {
  await make(root, SERVER)
  const kernel = kernelOf(root, SERVER)
  const gpus = keeper(kernel)
  await gpus.take(A, { vendor: 'NVIDIA', count: 2 })
  expect(await driversOf(['0000:41:00.0', '0000:81:00.0'])).toEqual(['vfio-pci', 'vfio-pci'])
  await gpus.giveBack(A)
  expect(await driversOf(['0000:41:00.0', '0000:81:00.0'])).toEqual(['vfio-pci', 'nvidia'])
})

test('a crash at any line: the next daemon gives back what belongs to no machine that lives', async () => {
  for (let lines = 0; lines < 7; lines++) {
    await rm(root, { recursive: true, force: true })
    await make(root, WORKSTATION)
    const kernel = kernelOf(root, WORKSTATION)
    let done = 0
    const never = new Promise<never>(() => {})
    const dying: Sysfs = {
      ...kernel,
      write: (path, text) => (done++ < lines ? kernel.write(path, text) : never),
    }
    const begun = keeper(dying).take(A, one)
    // It either got to its end or stands where the daemon died.
    await Promise.race([begun, new Promise((resolve) => setTimeout(resolve, 60))])
    await keeper(kernel).returnUnused()
    expect(await driversOf(CARD), `after ${lines} lines`).toEqual(['nouveau', 'snd_hda_intel'])
    expect(kernel.overrides.size).toBe(0)
    expect(await keeper(kernel).take(B, one)).toHaveLength(1)
    await keeper(kernel).giveBack(B)
  }
})

test('a machine that lives keeps its card when the daemon begins anew', async () => {
  await make(root, WORKSTATION)
  const kernel = kernelOf(root, WORKSTATION)
  await keeper(kernel).take(A, one)
  living.add(A)
  const later = keeper(kernel)
  await later.returnUnused()
  expect(await driversOf(CARD)).toEqual(['vfio-pci', 'vfio-pci'])
  await expect(later.take(B, one)).rejects.toThrow('another machine has it')
  // It ended while nobody looked.
  living.delete(A)
  expect(await later.take(B, one)).toHaveLength(1)
})

test('a driver that does not let go: nothing is taken, and the words say which', async () => {
  await make(root, WORKSTATION)
  const kernel = kernelOf(root, WORKSTATION, ['0000:01:00.1'])
  await expect(keeper(kernel).take(A, one)).rejects.toThrow('EBUSY: 0000:01:00.1')
  expect(await driversOf(CARD)).toEqual(['nouveau', 'snd_hda_intel'])
  expect(kernel.overrides.size).toBe(0)
})

test('what is missing is said before anything is touched', async () => {
  await make(root, NO_IOMMU)
  const kernel = kernelOf(root, NO_IOMMU)
  await expect(keeper(kernel).take(A, one)).rejects.toThrow('intel_iommu=on')
  expect(kernel.log).toEqual([])
  const listed = await keeper(kernel).list({ hasKvm: false })
  expect(listed[1]!.obstacles.join()).toContain('only be handed over with KVM')
})
