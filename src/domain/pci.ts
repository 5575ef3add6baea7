/**
 * Accelerators of a host: which PCI devices there are, which of them could be handed to a machine by VFIO and what
 * stands in the way of the others, and which to take for a wish. Pure: whoever can read /sys brings the devices.
 *
 * What can be handed over is a whole IOMMU group: devices of one group can reach each other's memory, so that no
 * other endpoint of it may stay with the host. Bridges stay; the functions of one card go together.
 */

import type { InstanceType } from './instance-type.ts'
import type { Gpu, GpuWish } from './gpu.ts'

export interface PciDevice {
  /** `0000:01:00.0`. */
  address: string
  /** Four hexadecimal digits each, without `0x`. */
  vendor: string
  device: string
  /** Six digits: base class, subclass, interface. */
  classCode: string
  /** What of the host drives it; null: nothing. */
  driver: string | null
  /** Null: the host has no IOMMU, or it is off. */
  iommuGroup: number | null
  /** The screen that the host itself booted with. */
  isBootVga: boolean
  /** A monitor shows what it draws now. */
  isLit: boolean
  /** The kernel knows how to reset it by itself. */
  canReset: boolean
  /** Of its memory that the processor sees: a window of that size must be kept for it. */
  windowBytes: number
}

/** What goes to a machine together: all functions of a card, first the one that it is known by. */
export interface Card {
  functions: string[]
  windowBytes: number
}

/** What a type wants of a host; null: nothing. Types with a share of a card (`g6f`) count none. */
export function gpuWishOf(
  type: Pick<InstanceType, 'acceleratorCount' | 'acceleratorKind' | 'acceleratorVendor'>,
): GpuWish | null {
  const { acceleratorKind, acceleratorVendor: vendor, acceleratorCount: count } = type
  return acceleratorKind === 'gpu' && vendor !== null && count > 0 ? { vendor, count } : null
}

const VENDORS: Readonly<Record<string, Gpu['vendor']>> = {
  '10de': 'NVIDIA',
  '1002': 'AMD',
  '8086': 'Intel',
}

/** Display controllers (03) and processing accelerators (12). */
const isGpu = ({ classCode }: PciDevice): boolean => /^(?:03|12)/.test(classCode)
const isBridge = ({ classCode }: PciDevice): boolean => classCode.startsWith('0604')
/** `0000:01:00` of `0000:01:00.1`: one card. */
const slotOf = (address: string): string => address.slice(0, address.lastIndexOf('.'))

export function gpusOf(devices: readonly PciDevice[], { hasKvm } = { hasKvm: true }): Gpu[] {
  const slots = Map.groupBy(devices, ({ address }) => slotOf(address))
  // Two of one card's functions may draw: it is one card, known by the first.
  const cards = [...slots.values()].flatMap((functions) => {
    const gpu = functions.find(isGpu)
    return gpu ? [{ gpu, functions }] : []
  })
  return cards.map(({ gpu, functions }) => ({
    address: gpu.address,
    vendor: VENDORS[gpu.vendor] ?? 'other',
    device: gpu.device,
    functions: functions.map(({ address }) => address),
    iommuGroup: gpu.iommuGroup,
    obstacles: [
      ...(hasKvm
        ? []
        : ['machines here run by software emulation, and it can only be handed over with KVM']),
      ...obstaclesOf(functions, devices),
    ],
  }))
}

/** What stands in the way of handing over a card with all its functions, in whichever groups they are. */
function obstaclesOf(functions: readonly PciDevice[], devices: readonly PciDevice[]): string[] {
  const obstacles: string[] = []
  const groups = new Set(functions.map(({ iommuGroup }) => iommuGroup))
  if (groups.has(null)) {
    obstacles.push(
      'it is in no IOMMU group: turn on VT-d or AMD-Vi in the firmware, and start the kernel ' +
        'with intel_iommu=on (Intel) where it does not do so by itself',
    )
  }
  if (functions.some(({ isBootVga }) => isBootVga)) obstacles.push("it is the host's own screen")
  else if (functions.some(({ isLit }) => isLit)) obstacles.push('a monitor of the host shows it')
  const own = new Set(functions.map(({ address }) => address))
  const others = devices.filter(
    (one) =>
      one.iommuGroup !== null &&
      groups.has(one.iommuGroup) &&
      !own.has(one.address) &&
      !isBridge(one),
  )
  if (others.length > 0) {
    const list = others.map(({ address }) => address).join(', ')
    obstacles.push(`its IOMMU group has other devices that the host would lose: ${list}`)
  }
  // A card with several functions is reset by its slot, which VFIO does when it has all of them.
  if (functions.length === 1 && !functions[0]!.canReset) {
    obstacles.push(
      'the kernel has no way to reset it: what one machine leaves in it, the next could read',
    )
  }
  return obstacles
}

export type GpuAssignment =
  | { type: 'assigned'; addresses: string[]; cards: Card[]; steps: SysfsWrite[] }
  /** What is missing, in words. */
  | { type: 'missing'; reasons: string[] }

/** A text that is written to a file of sysfs, in this order. */
export interface SysfsWrite {
  path: string
  text: string
}

/** Whole devices for one machine, none of which another has. The same wish upon the same host has the same answer. */
export function gpusAssign(
  devices: readonly PciDevice[],
  wish: GpuWish,
  taken: ReadonlySet<string>,
): GpuAssignment {
  const gpus = gpusOf(devices)
  const reasons: string[] = []
  if (gpus.length === 0) reasons.push('this host has no GPU')
  const right = gpus.filter(({ vendor }) => vendor === wish.vendor)
  if (gpus.length > 0 && right.length === 0) {
    const have = [...new Set(gpus.map(({ vendor }) => vendor))].join(', ')
    reasons.push(`its GPUs are by ${have}, not by ${wish.vendor}`)
  }
  for (const { address, obstacles } of right) {
    for (const obstacle of obstacles) reasons.push(`${address}: ${obstacle}`)
  }
  const free = right.filter(
    ({ address, obstacles }) => obstacles.length === 0 && !taken.has(address),
  )
  const busy = right.filter(({ address }) => taken.has(address))
  if (busy.length > 0)
    reasons.push(`${busy.map((gpu) => gpu.address).join(', ')}: another machine has it`)
  if (free.length < wish.count) {
    const words = `${wish.count} ${wish.count === 1 ? 'is' : 'are'} needed, ${free.length} can be had`
    return { type: 'missing', reasons: [...reasons, words] }
  }
  const chosen = free.toSorted((a, b) => (a.address < b.address ? -1 : 1)).slice(0, wish.count)
  const functions = chosen.flatMap((gpu) => gpu.functions)
  const byAddress = new Map(devices.map((device) => [device.address, device]))
  return {
    type: 'assigned',
    addresses: chosen.map(({ address }) => address),
    cards: chosen.map(({ address, functions: all }) => ({
      functions: [address, ...all.filter((one) => one !== address)],
      windowBytes: all.reduce((sum, one) => sum + byAddress.get(one)!.windowBytes, 0),
    })),
    steps: functions.flatMap((address) => bindSteps(byAddress.get(address)!)),
  }
}

/** From the host's driver to VFIO's. A device that VFIO has already needs nothing. */
function bindSteps({ address, driver }: PciDevice): SysfsWrite[] {
  if (driver === 'vfio-pci') return []
  const folder = `/sys/bus/pci/devices/${address}`
  return [
    { path: `${folder}/driver_override`, text: 'vfio-pci' },
    ...(driver === null ? [] : [{ path: `${folder}/driver/unbind`, text: address }]),
    { path: '/sys/bus/pci/drivers_probe', text: address },
  ]
}

/** Back to whatever driver the host finds for it. Repeated, or begun half-way: it comes to the same. */
export function gpuReturnSteps(devices: readonly PciDevice[]): SysfsWrite[] {
  return devices.flatMap(({ address, driver }) => {
    const folder = `/sys/bus/pci/devices/${address}`
    const isOthers = driver !== null && driver !== 'vfio-pci'
    return [
      { path: `${folder}/driver_override`, text: '\n' },
      ...(driver === 'vfio-pci' ? [{ path: `${folder}/driver/unbind`, text: address }] : []),
      ...(isOthers ? [] : [{ path: '/sys/bus/pci/drivers_probe', text: address }]),
    ]
  })
}
