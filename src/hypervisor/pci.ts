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
  const [vendor, device, classCode, driver, group, boot] = await Promise.all([
    text('vendor'),
    text('device'),
    text('class'),
    link('driver'),
    link('iommu_group'),
    text('boot_vga'),
  ])
  return {
    address,
    vendor,
    device,
    classCode,
    driver,
    iommuGroup: group === null || !/^\d+$/.test(group) ? null : Number(group),
    isBootVga: boot === '1',
  }
}
