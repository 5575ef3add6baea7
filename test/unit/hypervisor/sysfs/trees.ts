/**
 * PCI devices of four kinds of hosts, as their sysfs shows them: address, vendor, device, class, driver, IOMMU group,
 * and whether the host booted with it as its screen. Written by hand after machines of these kinds; `make` makes a
 * tree of one.
 */
import { mkdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

type Row = readonly [
  address: string,
  vendor: string,
  device: string,
  classCode: string,
  driver: string | null,
  group: number | null,
  isBootVga?: boolean,
]

/** An Intel desktop: its own graphics for the screen, a GeForce with its sound in one group with the bridge. */
export const WORKSTATION: readonly Row[] = [
  ['0000:00:00.0', '8086', '4650', '060000', null, 0],
  ['0000:00:01.0', '8086', '460d', '060400', 'pcieport', 1],
  ['0000:00:02.0', '8086', '4680', '030000', 'i915', 2, true],
  ['0000:01:00.0', '10de', '2684', '030000', 'nouveau', 1],
  ['0000:01:00.1', '10de', '22ba', '040300', 'snd_hda_intel', 1],
  ['0000:02:00.0', '144d', 'a80c', '010802', 'nvme', 3],
]

/** The same card where the IOMMU is off. */
export const NO_IOMMU: readonly Row[] = WORKSTATION.map(
  ([address, vendor, device, classCode, driver, , boot]) =>
    [address, vendor, device, classCode, driver, null, boot] as const,
)

/** A server with two accelerators that a switch keeps apart, one given to VFIO at boot, and a BMC's screen. */
export const SERVER: readonly Row[] = [
  ['0000:03:00.0', '1a03', '2000', '030000', 'ast', 10, true],
  ['0000:40:01.0', '1022', '1483', '060400', 'pcieport', 20],
  ['0000:41:00.0', '10de', '20b5', '030200', 'vfio-pci', 21],
  ['0000:81:00.0', '10de', '20b5', '030200', 'nvidia', 31],
]

/** A board without access control: the card shares its group with a network card. */
export const SHARED_GROUP: readonly Row[] = [
  ['0000:00:02.0', '8086', '4680', '030000', 'i915', 2, true],
  ['0000:04:00.0', '1002', '73bf', '030000', 'amdgpu', 14],
  ['0000:04:00.1', '1002', 'ab28', '040300', 'snd_hda_intel', 14],
  ['0000:05:00.0', '8086', '15f3', '020000', 'igc', 14],
]

const REGISTERS = [
  '0x00000000fb000000 0x00000000fbffffff 0x0000000000040200',
  '0x0000006000000000 0x00000067ffffffff 0x000000000014220c',
  '0x0000000000000000 0x0000000000000000 0x0000000000000000',
  '0x000000000000e000 0x000000000000e07f 0x0000000000040101',
  '',
].join('\n')

async function driverSet(folder: string, driver: string): Promise<void> {
  await symlink(`../../../drivers/${driver}`, join(folder, 'driver'))
}

/**
 * The kernel's side of such a tree: unbinding takes the driver away, probing gives the one that the override names, or
 * else the host's own. `refuses`: functions that their driver does not let go of.
 */
export function kernelOf(root: string, rows: readonly Row[], refuses: readonly string[] = []) {
  const overrides = new Map<string, string>()
  const log: string[] = []
  const natural = new Map(rows.map(([address, , , , driver]) => [address, driver]))
  return {
    root,
    log,
    overrides,
    vfioLoad: async () => void log.push('modprobe vfio-pci'),
    bootId: async () => 'this boot',
    write: async (path: string, text: string): Promise<void> => {
      const name = path.slice(root.length + 1)
      log.push(`${name} ${text.trim()}`)
      const address = /devices\/([^/]+)\//.exec(name)?.[1] ?? text
      const folder = join(root, 'bus/pci/devices', address)
      if (name.endsWith('/driver_override')) {
        if (text.trim() === '') overrides.delete(address)
        else overrides.set(address, text)
      } else if (name.endsWith('/unbind')) {
        if (refuses.includes(address)) throw new Error(`EBUSY: ${address}`)
        await rm(join(folder, 'driver'))
      } else {
        const driver = overrides.get(address) ?? natural.get(address)
        if (driver && !(await hasDriver(folder))) await driverSet(folder, driver)
      }
    },
  }
}

const hasDriver = (folder: string): Promise<boolean> =>
  readlink(join(folder, 'driver')).then(
    () => true,
    () => false,
  )

/** As the kernel lays it out; links point where nothing needs to be. */
export async function make(root: string, rows: readonly Row[]): Promise<void> {
  for (const [address, vendor, device, classCode, driver, group, boot] of rows) {
    const folder = join(root, 'bus/pci/devices', address)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'vendor'), `0x${vendor}\n`)
    await writeFile(join(folder, 'device'), `0x${device}\n`)
    await writeFile(join(folder, 'class'), `0x${classCode}\n`)
    if (classCode.startsWith('0300'))
      await writeFile(join(folder, 'boot_vga'), boot ? '1\n' : '0\n')
    // The first register of a card of the workstation is 16 MiB of memory, the second 32 GiB.
    if (device === '2684') await writeFile(join(folder, 'resource'), REGISTERS)
    await writeFile(join(folder, 'reset'), '')
    if (driver) await driverSet(folder, driver)
    if (group !== null) {
      await symlink(`../../../kernel/iommu_groups/${group}`, join(folder, 'iommu_group'))
    }
  }
}
