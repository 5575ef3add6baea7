/**
 * What a disk that was imported is, and what its machines will miss here: its firmware from the partition table, its
 * system, drivers and cloud-init from the file systems that we can read. Nothing is mounted: bytes come from a
 * `qemu-nbd` that is nobody (lib/stranger.ts), and are read by us (ext4-read.ts). What cannot be looked at is said so.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { nbdConnect, type NbdClient } from '../lib/nbd/client.ts'
import { strangerExec, strangerName } from '../lib/stranger.ts'
import { systemClock } from '../lib/time.ts'
import { DISK_HEAD_BYTES, detectFirmware, type DiskFormat } from './disk-format.ts'
import { ext4Open, type Ext4 } from './ext4-read.ts'

export interface DiskLook {
  firmware: ('bios' | 'uefi')[]
  /** In plain words, for whoever imported it. */
  notes: string[]
}

const TIMEOUT_MS = 60_000
const POLL_MS = 10
const READ_BYTES_MAX = 1024 * 1024
const SECTOR = 512
const PARTITIONS_MAX = 16
const LIMITS = { addressBytesMax: 1024 ** 3, cpuSecondsMax: 60, fileBytesMax: 0 }

/** `path` lies in a folder of the stranger's. */
export async function lookInside(
  path: string,
  format: DiskFormat,
  signal: AbortSignal,
): Promise<DiskLook> {
  const folder = dirname(path)
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  // A short name: the path of a socket has 107 bytes.
  const place = await mkdtemp('/tmp/brume-look-')
  const socket = join(folder, 'look.sock')
  const args = [
    '--read-only',
    '--format',
    format,
    '--socket',
    '/proc/self/cwd/look.sock',
    strangerName(path),
  ]
  const server = strangerExec(folder, 'qemu-nbd', args, LIMITS, {
    timeoutMs: TIMEOUT_MS,
    signal: either,
  })
  server.catch(() => {})
  try {
    const client = await connected(socket, place, server)
    try {
      return await look(client)
    } finally {
      await client.close()
    }
  } finally {
    ended.abort()
    await server.catch(() => {})
    await rm(place, { recursive: true, force: true })
    await rm(socket, { force: true })
  }
}

async function connected(
  socket: string,
  place: string,
  server: Promise<unknown>,
): Promise<NbdClient> {
  let isOver = false
  void server.catch(() => {}).then(() => (isOver = true))
  const short = join(place, 'folder')
  await symlink(dirname(socket), short)
  const deadline = Date.now() + TIMEOUT_MS
  const address = { path: join(short, 'look.sock') }
  // Nothing tells when another process listens: its socket's file is there a moment before.
  for (;;) {
    try {
      return await nbdConnect(address, { requestTimeoutMs: TIMEOUT_MS })
    } catch (error) {
      if (!isNotListening(error as Error) || isOver || Date.now() > deadline) throw error
    }
    await systemClock.wait(POLL_MS)
  }
}

function isNotListening({ cause }: Error): boolean {
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

async function look(client: NbdClient): Promise<DiskLook> {
  const head = await client.read(0, Math.min(DISK_HEAD_BYTES, client.sizeBytes))
  const firmware = detectFirmware(head)
  const notes: string[] = []
  if (firmware.length === 0) notes.push('it has no boot loader in its first sector')
  else notes.push(`it boots with ${firmware.map((one) => one.toUpperCase()).join(' and ')}`)
  for (const start of [0, ...partitionsOf(head)]) {
    const fs = await ext4Open((offset, length) => bounded(client, start + offset, length))
    const system = fs && (await systemOf(fs).catch(() => null))
    if (system) return { firmware, notes: [...notes, ...system] }
  }
  return { firmware, notes: [...notes, 'its file systems are none that can be looked into (ext4)'] }
}

function bounded(client: NbdClient, offset: number, length: number): Promise<Buffer> {
  const isInside =
    Number.isSafeInteger(offset) && offset >= 0 && offset + length <= client.sizeBytes
  if (!isInside || length > READ_BYTES_MAX) throw new Error('a file system reaches beyond its disk')
  return client.read(offset, length)
}

/** Null: not the file system of a Linux. */
async function systemOf(fs: Ext4): Promise<string[] | null> {
  const release = await fs.read('/etc/os-release', 8_192)
  const text = (release ?? (await fs.read('/usr/lib/os-release', 8_192)))?.toString()
  const versions = (await fs.list('/lib/modules')) ?? (await fs.list('/usr/lib/modules'))
  if (!text && !versions) return null
  const name = /^PRETTY_NAME="?([^"\n]{1,80})/m
    .exec(text ?? '')?.[1]
    ?.replaceAll(/[^\w .()/+-]/g, '')
  const notes = [name ? `it is ${name}` : 'it is some Linux']
  const missing = await driversMissing(fs, versions ?? [])
  if (missing.length > 0)
    notes.push(`its kernel lacks ${missing.join(' and ')}: no disk or network here`)
  const hasCloudInit = (await fs.list('/etc/cloud')) !== null
  if (!hasCloudInit)
    notes.push('it has no cloud-init: it takes keys and user data only if it has another way')
  return notes
}

async function driversMissing(fs: Ext4, versions: readonly string[]): Promise<string[]> {
  const newest = versions.toSorted().at(-1)
  if (!newest) return []
  const lists = ['modules.builtin', 'modules.dep'].map((file) =>
    fs.read(`/lib/modules/${newest}/${file}`, 4 * 1024 * 1024),
  )
  const known = (await Promise.all(lists)).map((one) => one?.toString() ?? '').join('\n')
  if (known.trim() === '') return []
  return ['virtio_blk', 'virtio_net'].filter((one) => !known.includes(`/${one}.ko`))
}

/** Where partitions begin, by either kind of table. */
export function partitionsOf(head: Buffer): number[] {
  const starts: number[] = []
  for (const at of [446, 462, 478, 494]) {
    if (head.length < SECTOR || head[at + 4] === 0 || head[at + 4] === 0xee) continue
    starts.push(head.readUInt32LE(at + 8) * SECTOR)
  }
  const isGpt =
    head.length >= 2 * SECTOR && head.toString('latin1', SECTOR, SECTOR + 8) === 'EFI PART'
  if (!isGpt) return starts
  const first = Number(head.readBigUInt64LE(SECTOR + 72)) * SECTOR
  const size = head.readUInt32LE(SECTOR + 84)
  if (size < 128 || size > 4096) return starts
  for (let n = 0; n < PARTITIONS_MAX; n++) {
    const at = first + n * size
    if (at + size > head.length) break
    const start = Number(head.readBigUInt64LE(at + 32)) * SECTOR
    if (start > 0) starts.push(start)
  }
  return starts
}
