/**
 * Volumes that several machines have at once (Multi-Attach): for each a process that has its file open alone and serves
 * it to them (hypervisor/qemu/served.ts, docs/decisions/0130-one-process-serves-a-shared-volume.md). Guarantees: one
 * writer of the file, whoever dies; a server that ends is started anew at the same socket, and machines' requests wait
 * meanwhile; it goes when no living machine has the volume any more. Like machines, servers outlive this program.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeBackend, VolumeFile } from '../blocks/backend.ts'
import type { InstanceId, VolumeId } from '../domain/ids.ts'
import type { MachineDisk, MachineObservation, MachineSpec, VmSpec } from '../domain/machine.ts'
import { nbdUrl } from '../domain/nbd-source.ts'
import type { VmDriver } from '../hypervisor/driver.ts'
import { ensureFolder, readJson, writeJsonDurable } from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'
import { runtimeFolder } from '../lib/runtime-folder.ts'
import type { User } from '../lib/nbd/confined-server.ts'
import { diskAttachmentOf } from './vm-spec.ts'

/** Who serves: to its driver each server is a machine of its own, in a folder of its own. */
export interface Servers {
  driver: VmDriver
  /** Whom a server becomes. */
  runAs: (id: InstanceId) => User
}

export interface SharedDisksOptions {
  home: string
  /** Absent: nobody serves, and disks that are shared cannot be had. */
  servers?: Servers
  /** Of the machines that have the disks. */
  driver: VmDriver
  volumes: VolumeBackend
  volumeEnsure(disk: MachineDisk): Promise<VolumeFile>
  exclusively<T>(volumeIds: readonly VolumeId[], section: () => Promise<T>): Promise<T>
  log: Log
}

export interface SharedDisks {
  /** What the machine opens, shared or its own. The caller keeps others from the volume. */
  ensure(disk: MachineDisk, instanceId: InstanceId): Promise<VolumeFile>
  /** Of a machine that was running before this program was: who serves it may have died meanwhile. */
  ensureOf(spec: Pick<MachineSpec, 'disks' | 'instanceId'>): Promise<void>
  /** The machine does not have it any more. */
  release(volumeId: VolumeId, instanceId: InstanceId): void
  /** Its server, to be asked as a machine is of its disks; null: none lives. */
  serverOf(volumeId: VolumeId): Promise<{ driver: VmDriver; id: InstanceId } | null>
  /** The file is nobody's. The caller keeps others from the volume. */
  end(volumeId: VolumeId): Promise<void>
  /** Starts what died and ends what nobody needs; called again and again. */
  converge(): Promise<void>
  close(): Promise<void>
}

/** Of a server's own, beside what the driver limits it to: tables of files and requests under way. */
const MEMORY_MIB = 256
/** A machine that is just being started has not got its disk yet: servers go at the second look. */
const IDLE_LOOKS = 2

/** One that lived shorter than this is started anew only after as long. */
const LIFE_MS_MIN = 1_000
const ALIVE: readonly MachineObservation['state'][] = ['starting', 'running', 'paused', 'stopping']

/** A server is known to its driver as a machine of the same number. */
const serverId = (volumeId: VolumeId): InstanceId =>
  `i-${volumeId.slice('vol-'.length)}` as InstanceId
const volumeOf = (id: InstanceId): VolumeId => `vol-${id.slice('i-'.length)}` as VolumeId

export function createSharedDisks(options: SharedDisksOptions): SharedDisks {
  const { servers, volumeEnsure } = options
  return servers ? sharedBy(servers, options) : sharedByNobody(volumeEnsure)
}

function sharedByNobody(volumeEnsure: SharedDisksOptions['volumeEnsure']): SharedDisks {
  const nothing = async (): Promise<void> => {}
  return {
    ensure: async (disk) => {
      if (disk.isShared) throw new Error('this host serves no volume to several machines')
      return volumeEnsure(disk)
    },
    ...{ ensureOf: nothing, end: nothing, converge: nothing, close: nothing },
    release: () => {},
    serverOf: async () => null,
  }
}

function sharedBy({ driver, runAs }: Servers, options: SharedDisksOptions): SharedDisks {
  const { volumes, log } = options
  /** What was served last, for a server that has to be started anew. In memory alone: it has the keys. */
  const wanted = new Map<VolumeId, MachineDisk>()
  const users = new Map<VolumeId, Set<InstanceId>>()
  const idle = new Map<VolumeId, number>()
  let isClosed = false

  const isLiving = async (id: InstanceId): Promise<boolean> => {
    const seen = (await driver.list()).find((one) => one.instanceId === id)
    return seen !== undefined && ALIVE.includes(seen.state)
  }
  const serverOf: SharedDisks['serverOf'] = async (volumeId) => {
    const id = serverId(volumeId)
    return (await isLiving(id)) ? { driver, id } : null
  }

  const start = async (disk: MachineDisk): Promise<string> => {
    const id = serverId(disk.volumeId)
    const user = runAs(id)
    const socket = await socketOf(options.home, id, user)
    if (await isLiving(id)) return socket
    const file = await options.volumeEnsure(disk)
    const attachment = { ...diskAttachmentOf(disk, file, volumes.withKeys), isRoot: false }
    await driver.start(serverSpec(id, attachment, socket))
    log.info({ volume: disk.volumeId }, 'a shared volume is served')
    return socket
  }

  const ensure: SharedDisks['ensure'] = async (disk, instanceId) => {
    const { volumeId } = disk
    if (!disk.isShared) {
      // It may have been until a moment ago.
      await end(volumeId)
      return options.volumeEnsure(disk)
    }
    wanted.set(volumeId, disk)
    const socket = await start(disk)
    users.set(volumeId, (users.get(volumeId) ?? new Set()).add(instanceId))
    const path = nbdUrl({ socket, exportName: volumeId })
    const sizeBytes = disk.sizeGiB * 1024 ** 3
    return { volumeId, path, format: 'raw', sizeBytes, backing: null, usedBytes: 0 }
  }

  const end: SharedDisks['end'] = async (volumeId) => {
    const id = serverId(volumeId)
    wanted.delete(volumeId)
    idle.delete(volumeId)
    users.delete(volumeId)
    if (!(await driver.list()).some((one) => one.instanceId === id)) return
    await driver.stop(id, { isForced: true, graceMs: 0 })
    await driver.remove(id)
    log.info({ volume: volumeId }, 'a shared volume is served no more')
  }

  /** Machines that may have disks open. */
  const machines = async (): Promise<ReadonlySet<string>> => {
    const seen = (await options.driver.list()).filter(({ state }) => ALIVE.includes(state))
    return new Set<string>(seen.map(({ instanceId }) => instanceId))
  }

  const convergeOne = async (volumeId: VolumeId, living: ReadonlySet<string>): Promise<void> => {
    const mine = users.get(volumeId) ?? new Set()
    for (const id of mine) if (!living.has(id)) mine.delete(id)
    if (mine.size > 0) {
      idle.delete(volumeId)
      const disk = wanted.get(volumeId)
      if (disk && !(await serverOf(volumeId))) await start(disk)
      return
    }
    const looks = (idle.get(volumeId) ?? 0) + 1
    idle.set(volumeId, looks)
    if (looks >= IDLE_LOOKS) await end(volumeId)
  }

  const converge: SharedDisks['converge'] = async () => {
    if (isClosed) return
    const known = (await driver.list()).map(({ instanceId }) => volumeOf(instanceId))
    for (const volumeId of new Set([...wanted.keys(), ...known])) {
      if (isClosed) return
      try {
        await options.exclusively([volumeId], async () => convergeOne(volumeId, await machines()))
      } catch (err) {
        log.warn({ err, volume: volumeId }, 'a shared volume is not served')
      }
    }
  }

  // At once when one dies, not only with the next look; one that dies again and again waits a little.
  const stop = driver.subscribe(({ instanceId, state, startedAt, observedAt }) => {
    if (state !== 'crashed' || isClosed) return
    log.warn({ volume: volumeOf(instanceId) }, 'what served a shared volume has died')
    const livedMs = observedAt - (startedAt ?? observedAt)
    setTimeout(() => void converge(), livedMs < LIFE_MS_MIN ? LIFE_MS_MIN : 0).unref()
  })
  return {
    ensure,
    ensureOf: async ({ disks, instanceId }) => {
      for (const disk of disks.filter((one) => one.isShared)) {
        await options.exclusively(
          [disk.volumeId],
          async () => void (await ensure(disk, instanceId)),
        )
      }
    },
    release: (volumeId, instanceId) => void users.get(volumeId)?.delete(instanceId),
    serverOf,
    end,
    converge,
    close: async () => {
      isClosed = true
      stop()
      // Where machines go on, so do those who serve them.
      const isAlone = (await machines()).size === 0
      for (const { instanceId } of isAlone ? await driver.list() : []) {
        await options.exclusively([volumeOf(instanceId)], () => end(volumeOf(instanceId)))
      }
      await driver.close()
    },
  }
}

/** The same for a server that is started anew: machines wait there. Nobody can list the folder or guess the name. */
async function socketOf(home: string, id: InstanceId, user: User): Promise<string> {
  const short = createHash('sha256').update(home).digest('hex').slice(0, 12)
  const root = join(runtimeFolder(), `brume-shared-${short}`)
  const folder = join(root, id)
  await mkdir(folder, { recursive: true, mode: 0o711 })
  for (const path of [root, folder]) await chmod(path, 0o711)
  if (user) await chown(folder, user.uid, user.gid)
  const record = join(await ensureFolder(join(home, 'shared', id)), 'served.json')
  const known = await readJson<{ socket: string }>(record)
  if (known) return known.socket
  const socket = join(folder, `${randomBytes(16).toString('hex')}.sock`)
  await writeJsonDurable(record, { socket })
  return socket
}

function serverSpec(id: InstanceId, disk: VmSpec['disks'][number], socket: string): VmSpec {
  return {
    instanceId: id,
    uuid: 'ec200000-0000-4000-8000-000000000000',
    instanceType: 'shared-volume',
    architecture: 'x86_64',
    vcpus: 1,
    coresPerSocket: 1,
    threadsPerCore: 1,
    memoryMiB: MEMORY_MIB,
    boot: { mode: 'bios' },
    disks: [disk],
    nics: [],
    namespace: null,
    cpuQuotaPercent: null,
    pinned: null,
    serves: { socket },
  }
}
