/** A domain of libvirt as its XML tells it: what we show, which disks are backed up and which are not. Pure. */
import type { ListedMachine, MachineWord } from '../../domain/hypervisor.ts'
import { all, first, textAt, xmlParse, type XmlNode } from './xml.ts'

export interface DomainDisk {
  /** libvirt's name for it in this domain: `vda`. */
  target: string
  format: string
  source:
    | { type: 'file' | 'block'; path: string }
    /** On a network or in a pool; we need no path. */
    | { type: 'other'; name: string }
}

export interface Domain {
  uuid: string
  name: string
  /** Null: it does not run. */
  runningId: number | null
  disks: readonly DomainDisk[]
  /** Disks that are left out, each with why. */
  skipped: readonly string[]
  hasAgent: boolean
  words: readonly MachineWord[]
  xml: XmlNode
}

/** More than any hypervisor's users write, and than Linux's file systems have. */
const NAME_MAX = 255
const PATH_MAX = 4096

export function domainParse(text: string): Domain {
  const xml = xmlParse(text)
  if (xml.name !== 'domain') throw new Error(`a domain was expected, not ${xml.name}`)
  const uuid = textAt(xml, 'uuid')
  if (!/^[0-9a-f-]{36}$/.test(uuid)) throw new Error('a domain without a UUID')
  const name = textAt(xml, 'name')
  if (name.length > NAME_MAX) throw new Error(`${uuid} has a name that is none`)
  const devices = all(xml, 'devices', 'disk').map(diskOf)
  return {
    uuid,
    name,
    runningId: xml.attributes['id'] === undefined ? null : Number(xml.attributes['id']),
    disks: devices.flatMap((one) => (typeof one === 'string' ? [] : [one])),
    skipped: devices.flatMap((one) => (typeof one === 'string' && one !== '' ? [one] : [])),
    hasAgent: all(xml, 'devices', 'channel').some(
      (channel) => first(channel, 'target')?.attributes['name'] === 'org.qemu.guest_agent.0',
    ),
    words: wordsOfDomain(xml),
    xml,
  }
}

/** A disk, or why it is left out; empty: it is none. */
function diskOf(disk: XmlNode): DomainDisk | string {
  const target = first(disk, 'target')?.attributes['dev'] ?? ''
  if ((disk.attributes['device'] ?? 'disk') !== 'disk' || target === '') return ''
  if (!/^[a-z0-9]{1,16}$/.test(target)) return `${target.slice(0, 16)} has a name that is none`
  if (first(disk, 'readonly')) return `${target} is read-only`
  if (first(disk, 'transient')) return `${target} is transient`
  const source = first(disk, 'source')
  if (!source) return `${target} is empty`
  const format = first(disk, 'driver')?.attributes['type'] ?? 'raw'
  const { file, dev } = source.attributes
  const type = disk.attributes['type']
  const place = file ?? dev ?? ''
  if (place.length > PATH_MAX) return `${target} has a path that is none`
  if (type === 'file' && file) return { target, format, source: { type, path: file } }
  if (type === 'block' && dev) return { target, format, source: { type, path: dev } }
  const name = source.attributes['name'] ?? source.attributes['volume'] ?? type ?? ''
  return { target, format, source: { type: 'other', name: name.slice(0, PATH_MAX) } }
}

/** What users can write of a machine: `virsh metadata DOMAIN urn:brume:tags --key brume --set '<tags>…</tags>'`. */
export const TAGS_URI = 'urn:brume:tags'
const WORD_MAX = 80
const DESCRIPTION_MAX = 300
const WORDS_MAX = 50

function wordsOfDomain(xml: XmlNode): MachineWord[] {
  const metadata = first(xml, 'metadata')
  const words: MachineWord[] = []
  for (const node of metadata?.children ?? []) {
    const local = node.name.split(':').at(-1)
    if (local === 'libosinfo') {
      const id = node.children.find((one) => one.name.endsWith(':os'))?.attributes['id']
      if (id) words.push({ category: 'os', name: id, description: null })
    }
    if (local !== 'tags' || !Object.values(node.attributes).includes(TAGS_URI)) continue
    for (const tag of node.children) {
      const { category, name, description } = tag.attributes
      if (!category || !name) continue
      words.push({ category, name, description: description?.slice(0, DESCRIPTION_MAX) ?? null })
    }
  }
  const fits = words.filter(
    ({ category, name }) => category.length <= WORD_MAX && name.length <= WORD_MAX,
  )
  return fits.slice(0, WORDS_MAX)
}

export function listedOf(domain: Domain, hostName: string): ListedMachine {
  const [disk] = domain.disks
  const path = disk && 'path' in disk.source ? disk.source.path : `/${domain.name}`
  return { machineId: domain.uuid, name: domain.name, hostName, path, words: domain.words }
}

/** `virsh dumpxml` of several, one after the other: each from a line that begins one to the next that ends one. */
export function domainsSplit(text: string): string[] {
  const found: string[] = []
  let from = -1
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    const next = end < 0 ? text.length : end + 1
    if (from < 0 && BEGINNING.test(text.slice(at, at + '<domain '.length))) from = at
    if (from >= 0 && text.startsWith(ENDING, at)) {
      found.push(text.slice(from, at + ENDING.length))
      from = -1
    }
    at = next
  }
  return found
}

const BEGINNING = /^<domain[\s>]/
const ENDING = '</domain>'
