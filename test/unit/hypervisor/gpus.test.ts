/**
 * GPUs are given to one machine at a time and come back, whatever happens between: on trees of sysfs with a kernel that
 * answers as Linux does (sysfs/trees.ts). No card is at hand where tests run: VFIO itself is not proved here.
 */
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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
    const died = Promise.withResolvers<void>()
    // A daemon that dies says nothing more: this write is never answered.
    const die = (): Promise<never> => {
      died.resolve()
      return new Promise<never>(() => {})
    }
    const dying: Sysfs = {
      ...kernel,
      write: (path, text) => (done++ < lines ? kernel.write(path, text) : die()),
    }
    const begun = keeper(dying).take(A, one)
    // It either got to its end or stands where the daemon died.
    await Promise.race([begun, died.promise])
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

const recordOf = (id: InstanceId): string => join(folder, 'instances', id, 'gpus.json')
const hasRecord = (id: InstanceId): Promise<boolean> =>
  access(recordOf(id)).then(
    () => true,
    () => false,
  )

test('a crash at any line of giving back: the next daemon comes to the same end', async () => {
  for (let lines = 0; lines < 7; lines++) {
    await rm(root, { recursive: true, force: true })
    await make(root, WORKSTATION)
    const kernel = kernelOf(root, WORKSTATION)
    let done = 0
    let isDying = false
    const died = Promise.withResolvers<void>()
    // A daemon that dies says nothing more: this write is never answered.
    const die = (): Promise<never> => {
      died.resolve()
      return new Promise<never>(() => {})
    }
    const dying: Sysfs = {
      ...kernel,
      write: (path, text) => (isDying && done++ >= lines ? die() : kernel.write(path, text)),
    }
    const first = keeper(dying)
    await first.take(A, one)
    isDying = true
    const ended = first.giveBack(A)
    await Promise.race([ended, died.promise])
    await keeper(kernel).returnUnused()
    expect(await driversOf(CARD), `after ${lines} lines`).toEqual(['nouveau', 'snd_hda_intel'])
    expect(kernel.overrides.size).toBe(0)
    expect(await hasRecord(A)).toBe(false)
  }
})

test('a power cut: after the host booted its record says nothing, and VFIO keeps what it was given', async () => {
  await make(root, WORKSTATION)
  await keeper(kernelOf(root, WORKSTATION)).take(A, one)
  // Another kernel: overrides are gone, and it was told to give this card to VFIO from now on.
  await rm(root, { recursive: true })
  const rows = WORKSTATION.map(
    ([address, vendor, device, code, driver, group, boot]) =>
      [
        address,
        vendor,
        device,
        code,
        CARD.includes(address) ? 'vfio-pci' : driver,
        group,
        boot,
      ] as const,
  )
  await make(root, rows)
  const kernel = { ...kernelOf(root, rows), bootId: async () => 'another boot' }
  await keeper(kernel).returnUnused()
  expect(kernel.log).toEqual([])
  expect(await hasRecord(A)).toBe(false)
  expect(await driversOf(CARD)).toEqual(['vfio-pci', 'vfio-pci'])
  expect(await keeper(kernel).take(B, one)).toHaveLength(1)
})

test('a card that was pulled out is nobody’s any more', async () => {
  await make(root, WORKSTATION)
  const kernel = kernelOf(root, WORKSTATION)
  const gpus = keeper(kernel)
  await gpus.take(A, one)
  for (const address of CARD) await rm(join(root, 'bus/pci/devices', address), { recursive: true })
  await gpus.giveBackSurely(A)
  expect(await hasRecord(A)).toBe(false)
  await expect(gpus.take(B, one)).rejects.toThrow('not by NVIDIA')
})

test('what the host does not take back keeps its record, and its machine’s folder stays', async () => {
  await make(root, WORKSTATION)
  const kernel = kernelOf(root, WORKSTATION)
  let isRefusing = false
  const gpus = keeper({
    ...kernel,
    write: async (path, text) => {
      if (isRefusing && path.endsWith('/unbind')) throw new Error('EBUSY')
      await kernel.write(path, text)
    },
  })
  await gpus.take(A, one)
  isRefusing = true
  await expect(gpus.giveBackSurely(A)).rejects.toThrow('could not be given back')
  expect(await hasRecord(A)).toBe(true)
  // Neither the same machine begins anew over its record, nor does another get the card.
  await expect(gpus.take(A, one)).rejects.toThrow('could not be given back')
  await expect(gpus.take(B, one)).rejects.toThrow('another machine has it')
  isRefusing = false
  await gpus.giveBackSurely(A)
  expect(await driversOf(CARD)).toEqual(['nouveau', 'snd_hda_intel'])
})

test('a record that is none: the host is still told, nobody gets a card, its machine can go', async () => {
  await make(root, WORKSTATION)
  const gpus = keeper(kernelOf(root, WORKSTATION))
  await mkdir(join(folder, 'instances', A), { recursive: true })
  await writeFile(recordOf(A), '{"cards": 1}')
  expect(await gpus.list({ hasKvm: true })).toHaveLength(2)
  await gpus.returnUnused()
  await expect(gpus.take(B, one)).rejects.toThrow('is no record of GPUs')
  await gpus.giveBackSurely(A)
})
