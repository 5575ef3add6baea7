/**
 * Hibernation: a machine is stopped with its memory and the state of its devices in a file beside it, sealed under the
 * key of its root volume, and the next start goes on from there. The record that makes the file count is written last
 * and removed before the guest runs again: memory is never resumed twice, nor upon disks that others wrote to.
 * Whatever does not fit any more is no reason not to start: the machine boots, and its console says why.
 */
import { createConnection, createServer } from 'node:net'
import { chown, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { DiskAttachment, MachinePin, VmSpec } from '../../domain/machine.ts'
import { fsyncFolder, readJson, removeDurable, writeJsonDurable } from '../../lib/fs-durable.ts'
import { sealTo, unsealed } from '../../lib/sealed-stream.ts'
import { withDeadline } from '../../lib/time.ts'
import type { QmpClient } from '../qmp/client.ts'
import { portOccupants } from './hotplug.ts'
import type { DeviceLayout } from './devices.ts'
import { migrationEnd } from './frozen.ts'
import type { MachinePaths } from './layout.ts'

/** A gigabyte takes seconds; a busy disk several times that. */
const SAVE_TIMEOUT_MS = 10 * 60_000
const MIB = 1024 ** 2
/** What is left for everybody else. */
const RESERVE_BYTES = 1024 * MIB

export interface MemoryRecord {
  pin: MachinePin
  memoryMiB: number
  vcpus: number
  layout: DeviceLayout
  /** The files of its disks as they were left, by volume. */
  disks: Readonly<Record<string, DiskMark>>
  savedAt: number
}

interface DiskMark {
  path: string
  sizeBytes: number
  changedAt: number
}

/** Where the devices are plugged, by QEMU's own account. */
export async function layoutOf(qmp: QmpClient): Promise<DeviceLayout> {
  const occupants = await portOccupants(qmp)
  const count = (prefix: string): number =>
    [...occupants.keys()].filter((port) => new RegExp(`^${prefix}\\d+$`).test(port)).length
  const ports = [...occupants].flatMap(([port, device]) => (device ? [[device, port]] : []))
  return { nic: count('nic'), disk: count('disk'), ports: Object.fromEntries(ports) }
}

/**
 * Writes the memory of a paused machine. It does not count yet. @throws Error when there is no room, or QEMU's words;
 * then the machine can go on.
 */
export async function memorySave(
  qmp: QmpClient,
  paths: MachinePaths,
  wish: { key: string; memoryMiB: number; owner: { uid: number; gid: number } | null },
): Promise<void> {
  const { bavail, bsize } = await statfs(paths.folder)
  if (bavail * bsize < wish.memoryMiB * MIB + RESERVE_BYTES) {
    throw new Error(`the host has no room for ${wish.memoryMiB} MiB of memory`)
  }
  const part = `${paths.memory}.part`
  await rm(part, { force: true })
  const file = await open(part, 'wx', 0o600)
  const server = createServer({ pauseOnConnect: true })
  try {
    await rm(paths.memorySocket, { force: true })
    const connected = new Promise<AsyncIterable<Uint8Array>>((resolve) => {
      server.once('connection', resolve)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(paths.memorySocket, resolve)
    })
    if (wish.owner) await chown(paths.memorySocket, wish.owner.uid, wish.owner.gid)
    const written = connected.then((source) => sealTo(file, wish.key, source))
    written.catch(() => {})
    await speedSet(qmp)
    const uri = `unix:${paths.memorySocket}`
    await migrationEnd(qmp, () => qmp.execute('migrate', { uri }), SAVE_TIMEOUT_MS)
    await withDeadline('the memory of the machine', SAVE_TIMEOUT_MS, written)
    await file.sync()
  } catch (error) {
    await rm(part, { force: true })
    throw error
  } finally {
    await file.close()
    server.close()
    await rm(paths.memorySocket, { force: true })
  }
  await rename(part, paths.memory)
  await fsyncFolder(paths.folder)
}

/** Makes the saved memory count: QEMU is gone, and has left its disks as they are. */
export async function memoryRecordWrite(
  paths: MachinePaths,
  record: Omit<MemoryRecord, 'disks'>,
  diskPaths: Readonly<Record<string, string>>,
): Promise<void> {
  await writeJsonDurable(paths.memoryRecord, { ...record, disks: await marksOf(diskPaths) })
}

/** The memory that a start goes on from; a text: why there is some, and it cannot; null: there is none. */
export async function memoryFind(
  paths: MachinePaths,
  spec: VmSpec,
  pin: MachinePin,
): Promise<MemoryRecord | string | null> {
  const record = await readJson<MemoryRecord>(paths.memoryRecord).catch(() => undefined)
  if (!record) return null
  const root = spec.disks.find((disk) => disk.isRoot)
  if (!root?.key) return 'the key of the root volume is not there'
  const isSameMachine =
    record.memoryMiB === spec.memoryMiB &&
    record.vcpus === spec.vcpus &&
    (['machineType', 'cpuModel', 'accelerator'] as const).every(
      (key) => record.pin[key] === pin[key],
    )
  if (!isSameMachine) return 'the machine has another size or runs on another processor'
  const devices = [
    ...spec.disks.map((disk) => `disk-${disk.volumeId}`),
    ...spec.nics.map((nic) => `nic-${nic.interfaceId}`),
  ]
  const known = Object.keys(record.layout.ports)
  if (devices.length !== known.length || devices.some((id) => !known.includes(id))) {
    return 'other volumes or interfaces are attached'
  }
  const now = await marksOf(
    Object.fromEntries(spec.disks.map((disk) => [disk.volumeId, disk.path])),
  )
  const changed = spec.disks.find(({ volumeId }) => !isSame(record.disks[volumeId], now[volumeId]))
  return changed ? `${changed.volumeId} was changed meanwhile` : record
}

/** Loads the memory into a process that was started for it. It stays paused. @throws Error with QEMU's words. */
export async function memoryLoad(
  qmp: QmpClient,
  paths: MachinePaths,
  root: DiskAttachment,
): Promise<void> {
  const file = await open(paths.memory, 'r')
  try {
    await rm(paths.memorySocket, { force: true })
    const uri = `unix:${paths.memorySocket}`
    await speedSet(qmp)
    await migrationEnd(
      qmp,
      async () => {
        await qmp.execute('migrate-incoming', { uri })
        const socket = createConnection(paths.memorySocket)
        const sent = pipeline(unsealed(file, root.key!), socket)
        // A stream that ends early is what QEMU reports, with better words.
        await sent.catch(() => socket.destroy())
      },
      SAVE_TIMEOUT_MS,
    )
  } finally {
    await file.close()
    await rm(paths.memorySocket, { force: true })
  }
}

/** The memory counts no more; durable when it resolves. */
export async function memoryForget(paths: MachinePaths): Promise<void> {
  await removeDurable(paths.memoryRecord)
  for (const path of [paths.memory, `${paths.memory}.part`]) await rm(path, { force: true })
}

async function speedSet(qmp: QmpClient): Promise<void> {
  await qmp.execute('migrate-set-capabilities', {
    capabilities: [{ capability: 'events', state: true }],
  })
  // The guest is paused: nothing to be considerate of.
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 64 * 1024 * MIB })
}

async function marksOf(files: Readonly<Record<string, string>>): Promise<Record<string, DiskMark>> {
  const marks: Record<string, DiskMark> = {}
  for (const [volumeId, path] of Object.entries(files)) {
    const { size: sizeBytes, mtimeMs: changedAt } = await stat(path)
    marks[volumeId] = { path, sizeBytes, changedAt }
  }
  return marks
}

function isSame(before: DiskMark | undefined, now: DiskMark | undefined): boolean {
  return (
    before !== undefined &&
    now !== undefined &&
    before.path === now.path &&
    before.sizeBytes === now.sizeBytes &&
    before.changedAt === now.changedAt
  )
}
