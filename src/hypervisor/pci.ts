/** The host's PCI devices, read from sysfs. A host without PCI (a container, a microVM) has none: no failure. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { PciDevice } from '../domain/pci.ts'

const ADDRESS = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/

export async function pciDevices(sysfs = '/sys'): Promise<PciDevice[]> {
  const folder = join(sysfs, 'bus/pci/devices')
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(
    names.filter((name) => ADDRESS.test(name)).map((name) => deviceOf(join(folder, name), name)),
  )
  return found.toSorted((a, b) => (a.address < b.address ? -1 : 1))
}

async function deviceOf(folder: string, address: string): Promise<PciDevice> {
  const text = async (name: string): Promise<string> =>
    (await readFile(join(folder, name), 'utf8').catch(() => '')).trim().replace(/^0x/, '')
  const link = async (name: string): Promise<string | null> => {
    const target = await readlink(join(folder, name)).catch(() => null)
    return target === null ? null : basename(target)
  }
  const [vendor, device, classCode, driver, group, boot, resource] = await Promise.all([
    text('vendor'),
    text('device'),
    text('class'),
    link('driver'),
    link('iommu_group'),
    text('boot_vga'),
    text('resource'),
  ])
  return {
    address,
    vendor,
    device,
    classCode,
    driver,
    iommuGroup: group === null || !/^\d+$/.test(group) ? null : Number(group),
    isBootVga: boot === '1',
    windowBytes: windowOf(resource),
  }
}

const BAR_COUNT = 6
/** IORESOURCE_MEM, of linux/ioport.h. */
const IS_MEMORY = 0x200n

/** A line a register: its first address, its last one, flags. */
function windowOf(resource: string): number {
  let bytes = 0n
  for (const line of resource.split('\n').slice(0, BAR_COUNT)) {
    const match = /^(?:0x)?([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+)$/.exec(line.trim())
    if (!match) continue
    const [from, to, flags] = match.slice(1).map((digits) => BigInt(`0x${digits}`))
    if ((flags! & IS_MEMORY) !== 0n && to! > from!) bytes += to! - from! + 1n
  }
  return Number(bytes)
}
