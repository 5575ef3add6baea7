/** The host's PCI devices, read from sysfs. A host without PCI (a container, a microVM) has none: no failure. */
import { access, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { PciDevice } from '../domain/pci.ts'

const HEX = /^[0-9a-f]{4,6}$/
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
  const hex = async (name: string): Promise<string> => {
    const digits = await text(name)
    return HEX.test(digits) ? digits : ''
  }
  const [vendor, device, classCode, driver, group, boot, resource] = await Promise.all([
    hex('vendor'),
    hex('device'),
    hex('class'),
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
    isLit: await isLit(join(folder, 'drm')),
    canReset: await access(join(folder, 'reset')).then(
      () => true,
      () => false,
    ),
    windowBytes: windowOf(resource),
  }
}

/** More outputs than any card has. */
const OUTPUTS_MAX = 64

/** Whether one of its outputs draws on a monitor: `drm/card1/card1-DP-1/enabled`. */
async function isLit(drm: string): Promise<boolean> {
  const cards = (await readdir(drm).catch(() => [])).filter((name) => /^card\d+$/.test(name))
  for (const card of cards) {
    const names = await readdir(join(drm, card)).catch(() => [])
    const outputs = names.filter((name) => name.startsWith(`${card}-`)).slice(0, OUTPUTS_MAX)
    for (const output of outputs) {
      const state = await readFile(join(drm, card, output, 'enabled'), 'utf8').catch(() => '')
      if (state.trim() === 'enabled') return true
    }
  }
  return false
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
