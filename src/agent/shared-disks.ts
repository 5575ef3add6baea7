/**
 * Volumes that several machines have at once (Multi-Attach): for each a process that has its file open alone and serves
 * it to them (hypervisor/qemu/served.ts, docs/decisions/0130-one-process-serves-a-shared-volume.md). Guarantees: one
 * writer of the file, whoever dies; a server that ends is started anew at the same socket, and machines' requests wait
 * meanwhile; it goes when no living machine has the volume any more. Like machines, servers outlive this program.
 */
import { createHash } from 'node:crypto'
import { chmod, chown, link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeBackend, VolumeFile } from '../blocks/backend.ts'
import type { InstanceId, VolumeId } from '../domain/ids.ts'
import type { LayerId } from '../domain/layer.ts'
import type {
  DiskLimits,
  MachineDisk,
  MachineObservation,
  MachineSpec,
  VmSpec,
} from '../domain/machine.ts'
import { nbdUrl } from '../domain/nbd-source.ts'
import type { VmDriver } from '../hypervisor/driver.ts'
import type { Log } from '../lib/log.ts'
import { runtimeFolder } from '../lib/runtime-folder.ts'
import type { User } from '../lib/nbd/confined-server.ts'
import { diskAttachmentOf } from './vm-spec.ts'

/** Who serves: to its driver each server is a machine of its own, in a folder of its own. */
export interface Servers {
  driver: VmDriver
  /** Whom a server, or a machine, becomes. */
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
  release(volumeId: VolumeId, instanceId: InstanceId): Promise<void>
  /** Its file became a layer, with the key that it had: a server that is started anew opens that too. */
  frozen(volumeId: VolumeId, layerId: LayerId, key: string | null): void
  /** It is served, or to be served. */
  has(volumeId: VolumeId): boolean
  /** A server that is started anew has it so. */
  changed(volumeId: VolumeId, change: DiskLimits & { sizeGiB: number }): void
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

const SOCKET_FILE = 'nbd.sock'
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
    release: nothing,
    has: () => false,
    changed: () => {},
    frozen: () => {},
    serverOf: async () => null,
  }
}

function sharedBy({ driver, runAs }: Servers, options: SharedDisksOptions): SharedDisks {
  const { volumes, log } = options
  /** What was served last, for a server that has to be started anew. In memory alone: it has the keys. */
  const wanted = new Map<VolumeId, MachineDisk>()
  const users = new Map<VolumeId, Set<InstanceId>>()
  const idle = new Map<VolumeId, number>()
  const sockets = createSockets(options.home)
  let isClosed = false

  const isLiving = async (id: InstanceId): Promise<boolean> => {
    const seen = (await driver.list()).find((one) => one.instanceId === id)
    return seen !== undefined && ALIVE.includes(seen.state)
  }
  const serverOf: SharedDisks['serverOf'] = async (volumeId) => {
    const id = serverId(volumeId)
    return (await isLiving(id)) ? { driver, id } : null
  }

  const start = async (disk: MachineDisk): Promise<void> => {
    const id = serverId(disk.volumeId)
    if (await isLiving(id)) return
    const socket = await sockets.serving(id, runAs(id))
    const file = await options.volumeEnsure(disk)
    const attachment = { ...diskAttachmentOf(disk, file, volumes.withKeys), isRoot: false }
    await driver.start(serverSpec(id, attachment, socket))
    // Those that had it wait where they were.
    for (const machine of users.get(disk.volumeId) ?? []) {
      await sockets.granted(id, machine, runAs(machine))
    }
    log.info({ volume: disk.volumeId }, 'a shared volume is served')
  }

  const ensure: SharedDisks['ensure'] = async (disk, instanceId) => {
    const { volumeId } = disk
    if (!disk.isShared) {
      // It may have been until a moment ago.
      await end(volumeId)
      return options.volumeEnsure(disk)
    }
    wanted.set(volumeId, disk)
    users.set(volumeId, (users.get(volumeId) ?? new Set()).add(instanceId))
    await start(disk)
    const socket = await sockets.granted(serverId(volumeId), instanceId, runAs(instanceId))
    const path = nbdUrl({ socket, exportName: volumeId })
    const sizeBytes = disk.sizeGiB * 1024 ** 3
    return { volumeId, path, format: 'raw', sizeBytes, backing: null, usedBytes: 0 }
  }

  const end: SharedDisks['end'] = async (volumeId) => {
    const id = serverId(volumeId)
    wanted.delete(volumeId)
    idle.delete(volumeId)
    users.delete(volumeId)
    await sockets.remove(id)
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

  const isUsed = async (volumeId: VolumeId): Promise<boolean> => {
    const living = await machines()
    return [...(users.get(volumeId) ?? [])].some((id) => living.has(id))
  }

  /** What is to be done; asked again when nobody else has the volume. */
  const due = async (volumeId: VolumeId): Promise<(() => Promise<void>) | null> => {
    if (await isUsed(volumeId)) {
      idle.delete(volumeId)
      const disk = wanted.get(volumeId)
      return disk && !(await serverOf(volumeId)) ? () => start(disk) : null
    }
    return (idle.get(volumeId) ?? 0) >= IDLE_LOOKS ? () => end(volumeId) : null
  }

  /** Takes the volume only when there is something to do: whoever takes it interrupts copies of it. */
  const convergeOne = async (volumeId: VolumeId): Promise<void> => {
    if (!(await isUsed(volumeId))) idle.set(volumeId, (idle.get(volumeId) ?? 0) + 1)
    if (await due(volumeId)) {
      await options.exclusively([volumeId], async () => (await due(volumeId))?.())
    }
  }

  const convergeAll = async (): Promise<void> => {
    const known = (await driver.list()).map(({ instanceId }) => volumeOf(instanceId))
    for (const volumeId of new Set([...wanted.keys(), ...known])) {
      if (isClosed) return
      try {
        await convergeOne(volumeId)
      } catch (err) {
        log.warn({ err, volume: volumeId }, 'a shared volume is not served')
      }
    }
  }
  let converging: Promise<void> | null = null
  const converge: SharedDisks['converge'] = async () => {
    if (isClosed) return
    converging ??= convergeAll().finally(() => (converging = null))
    await converging
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
        const { volumeId } = disk
        try {
          await options.exclusively([volumeId], () => ensure(disk, instanceId))
        } catch (err) {
          // Its other disks are there, and it runs: what it asks of this one waits.
          log.error({ err, volume: volumeId }, 'a shared volume is not served')
        }
      }
    },
    release: async (volumeId, instanceId) => {
      users.get(volumeId)?.delete(instanceId)
      await sockets.withdrawn(serverId(volumeId), instanceId)
    },
    changed: (volumeId, change) => {
      const disk = wanted.get(volumeId)
      if (disk) wanted.set(volumeId, { ...disk, ...change })
    },
    frozen: (volumeId, layerId, key) => {
      const disk = wanted.get(volumeId)
      if (!disk?.keys || typeof disk.keys === 'string' || key === null) return
      const layers = { ...disk.keys.layers, [layerId]: key }
      wanted.set(volumeId, { ...disk, keys: { ...disk.keys, layers } })
    },
    has: (volumeId) => wanted.has(volumeId),
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

/**
 * Where servers listen and machines connect: at the same places for a server that is started anew. Each machine has a
 * name of the socket in a folder that its user alone can enter, so that nobody else reaches the volume.
 */
function createSockets(home: string) {
  const short = createHash('sha256').update(home).digest('hex').slice(0, 12)
  const root = join(runtimeFolder(), `brume-shared-${short}`)
  const folderOf = (id: InstanceId, machine?: InstanceId): string =>
    join(root, machine ? `${id}-${machine}` : id)
  const make = async (folder: string, user: User): Promise<string> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // Others may pass through to what is theirs.
    await chmod(root, 0o711)
    if (user) await chown(folder, user.uid, user.gid)
    return join(folder, SOCKET_FILE)
  }
  return {
    serving: (id: InstanceId, user: User) => make(folderOf(id), user),
    granted: async (id: InstanceId, machine: InstanceId, user: User): Promise<string> => {
      const path = await make(folderOf(id, machine), user)
      await rm(path, { force: true })
      await link(join(folderOf(id), SOCKET_FILE), path)
      return path
    },
    withdrawn: (id: InstanceId, machine: InstanceId): Promise<void> =>
      rm(folderOf(id, machine), { recursive: true, force: true }),
    /** Its own, and those of all machines. */
    remove: async (id: InstanceId): Promise<void> => {
      const names = await readdir(root).catch(() => [])
      for (const name of names.filter((one) => one.startsWith(id))) {
        await rm(join(root, name), { recursive: true, force: true })
      }
    },
  }
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
