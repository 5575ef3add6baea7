/**
 * The definition of a restored domain: the saved one under another name and UUID, with other disks, and without what
 * would clash with the machine it was made from (addresses of network cards) or belong to its host alone. The saved one
 * is the word of whoever ran that hypervisor: what names a program, a file, a device or a socket of the host that the
 * machine is restored to does not come along (restored-devices.ts). Pure.
 */
import { createHash } from 'node:crypto'
import { deviceWithoutHost, domainChildWithoutHost, without } from './restored-devices.ts'
import { element, first, xmlParse, xmlRender, type XmlNode } from './xml.ts'

export interface RestoredDisk {
  target: string
  path: string
}

/** The same restore makes the same machine, however often it is tried. */
export function uuidOf(restoreId: string): string {
  const hex = createHash('sha256').update(`brume restore ${restoreId}`).digest('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`]
  return [...parts, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}

/** @throws Error when `xml` is no definition of a domain. */
export function restoredXml(
  xml: string,
  machine: {
    name: string
    uuid: string
    disks: readonly RestoredDisk[]
    /** Keys (boot-files.ts) of the kernels that it may have. */
    bootFiles?: ReadonlySet<string>
  },
): string {
  const domain = xmlParse(xml)
  if (domain.name !== 'domain') throw new Error('the recovery point has no definition of a domain')
  const { id: _id, ...attributes } = domain.attributes
  const children = domain.children.flatMap((child): XmlNode[] => {
    if (child.name === 'name') return [element('name', {}, machine.name)]
    if (child.name === 'uuid') return [element('uuid', {}, machine.uuid)]
    if (child.name === 'devices') return [devicesOf(child, machine.disks)]
    return domainChildWithoutHost(child, machine.bootFiles)
  })
  return xmlRender({ ...domain, attributes, children })
}

function devicesOf(devices: XmlNode, disks: readonly RestoredDisk[]): XmlNode {
  const children = devices.children.flatMap((device): XmlNode[] => {
    if (device.name === 'disk') return diskOf(device, disks)
    return deviceWithoutHost(device)
  })
  return { ...devices, children }
}

/** One that was backed up, with its new file; an empty drive; nothing for what was left out. */
function diskOf(disk: XmlNode, disks: readonly RestoredDisk[]): XmlNode[] {
  const target = first(disk, 'target')?.attributes['dev']
  const restored = disks.find((one) => one.target === target)
  const device = disk.attributes['device'] ?? 'disk'
  if (!restored) return device === 'disk' ? [] : [without(without(disk, 'source'), 'backingStore')]
  const kept = disk.children.filter(
    (child) => !['source', 'driver', 'backingStore', 'mirror', 'encryption'].includes(child.name),
  )
  return [
    {
      ...disk,
      attributes: { type: 'file', device },
      children: [
        element('driver', { name: 'qemu', type: 'qcow2', discard: 'unmap' }),
        element('source', { file: restored.path }),
        ...kept,
      ],
    },
  ]
}
