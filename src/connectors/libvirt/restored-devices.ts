/**
 * What of a saved domain belongs to the host it ran on, and so is left out of a restored one: programs that libvirt
 * would run, files, devices and sockets that it would open, and the word that nothing confines it. What is not known to
 * be harmless is left out. Pure.
 */
import { bootFileKey } from './boot-files.ts'
import { element, first, type XmlNode } from './xml.ts'

/** Of `<domain>`. Extensions of drivers have a colon in their names: options of QEMU, of Xen. */
const DOMAIN_HOSTS = ['bootloader', 'bootloader_args', 'resource', 'idmap', 'seclabel']
/** Of `<os>`, of any host. Firmware and kernels are files of one. What starts a container is a file of its own. */
const OS_KEPT = ['type', 'firmware', 'boot', 'bootmenu', 'smbios', 'bios']
/** Where distributions keep firmware. */
const FIRMWARE = /^\/usr\/(?:local\/)?(?:share|lib)\/(?:[\w+-][\w.+-]*\/)*[\w+-][\w.+-]*$/

/** `bootFiles`: keys of those kernels that the new host gives its machines anyway. */
export function domainChildWithoutHost(
  child: XmlNode,
  bootFiles: ReadonlySet<string> = new Set(),
): XmlNode[] {
  if (child.name.includes(':') || DOMAIN_HOSTS.includes(child.name)) return []
  if (child.name === 'os') return [osOf(child, bootFiles)]
  if (child.name === 'sysinfo') return child.attributes['type'] === 'fwcfg' ? [] : [child]
  return [child]
}

function osOf(os: XmlNode, bootFiles: ReadonlySet<string>): XmlNode {
  const isBootFile = (child: XmlNode): boolean => bootFiles.has(bootFileKey(child))
  // Without a kernel libvirt refuses its words.
  const hasKernel = os.children.some((child) => child.name === 'kernel' && isBootFile(child))
  const isKept = (child: XmlNode): boolean => {
    if (child.name === 'loader') return child.text.trim() === '' || FIRMWARE.test(child.text.trim())
    if (hasKernel && (child.name === 'cmdline' || isBootFile(child))) return true
    return OS_KEPT.includes(child.name)
  }
  return { ...os, children: os.children.filter(isKept) }
}

/** By their names alone harmless: they are made of nothing but themselves. */
const PLAIN = ['controller', 'hub', 'iommu', 'memballoon', 'panic', 'vsock', 'watchdog']
const CARD_HOSTS = ['mac', 'target', 'script', 'downscript', 'backend', 'portForward']
const RANDOM = { model: 'random' }
const LINES = ['console', 'serial', 'parallel']
/** Networks that a machine may be joined to. Others name a device, a socket, a program. */
const NETWORKS = ['network', 'bridge', 'direct', 'user']

/** Nothing for what is left out. Disks are not its matter. */
export function deviceWithoutHost(device: XmlNode): XmlNode[] {
  const { name, attributes } = device
  const type = attributes['type'] ?? ''
  if (PLAIN.includes(name)) return [device]
  if (LINES.includes(name)) return [lineOf(device)]
  switch (name) {
    case 'interface':
      return interfaceOf(device, type)
    case 'channel':
      // Sockets of the old machine have its name in them.
      if (type === 'unix') return [without(device, 'source', 'log')]
      return ['spicevmc', 'pty', 'qemu-vdagent'].includes(type)
        ? [without(device, 'source', 'log')]
        : []
    case 'graphics':
      return graphicsOf(device, type)
    case 'input':
      return ['mouse', 'keyboard', 'tablet'].includes(type) ? [without(device, 'source')] : []
    case 'video':
      return first(device, 'driver')?.attributes['name'] === 'vhostuser'
        ? []
        : [each(device, 'model', (model) => without(model, 'acceleration'))]
    case 'sound':
      return [without(device, 'audio')]
    case 'rng':
      return [each(device, 'backend', () => element('backend', RANDOM, '/dev/urandom'))]
    case 'tpm':
      return first(device, 'backend')?.attributes['type'] === 'emulator'
        ? [each(device, 'backend', (backend) => ({ ...backend, children: [], text: '' }))]
        : []
    case 'memory':
      return attributes['model'] === 'dimm' ? [without(device, 'source')] : []
    case 'redirdev':
      return type === 'spicevmc' ? [without(device, 'source')] : []
    case 'audio':
      return ['none', 'spice'].includes(type) ? [device] : []
    default:
      return []
  }
}

/** A line to the outside becomes a terminal of the new machine's own. */
function lineOf(device: XmlNode): XmlNode {
  const kept = device.children.filter((child) => child.name === 'target')
  return { ...device, attributes: { type: 'pty' }, children: kept }
}

/** The address of the old card would clash with it, and so would its device and ports. */
function interfaceOf(device: XmlNode, type: string): XmlNode[] {
  if (!NETWORKS.includes(type)) return []
  const card = without(device, ...CARD_HOSTS)
  return [type === 'user' ? without(card, 'source') : card]
}

/** Its socket and the renderer of its graphics card are the old host's. */
function graphicsOf(device: XmlNode, type: string): XmlNode[] {
  if (type !== 'vnc' && type !== 'spice') return []
  const { socket: _socket, ...attributes } = device.attributes
  const isKept = (child: XmlNode): boolean =>
    !['gl', 'audio'].includes(child.name) &&
    !(child.name === 'listen' && child.attributes['type'] === 'socket')
  return [{ ...device, attributes, children: device.children.filter(isKept) }]
}

/** With its children of a name changed. */
function each(node: XmlNode, name: string, change: (child: XmlNode) => XmlNode): XmlNode {
  const children = node.children.map((child) => (child.name === name ? change(child) : child))
  return { ...node, children }
}

export function without(node: XmlNode, ...names: readonly string[]): XmlNode {
  return { ...node, children: node.children.filter((child) => !names.includes(child.name)) }
}
