/**
 * Volumes of this host while machines use them: freezing for snapshots, collapsing, growth, limits. One section a
 * volume at a time, shared with whoever starts a machine or plugs a disk: the file that a volume writes to never
 * changes between being looked up and being opened. Guarantees of a freeze: blocks/backend.ts and
 * docs/decisions/0040-snapshots-are-frozen-layers.md.
 */
import type { Freeze, VolumeBackend } from '../blocks/backend.ts'
import type { InstanceId, VolumeId } from '../domain/ids.ts'
import type { LayerId } from '../domain/layer.ts'
import type { DiskBacking, LayerKeys, MachineObservation } from '../domain/machine.ts'
import { nbdSourceOf } from '../domain/nbd-source.ts'
import type { VmDriver } from '../hypervisor/driver.ts'
import { keysChecked } from './vm-spec.ts'
import { QmpError } from '../hypervisor/qmp/client.ts'
import { present } from '../lib/assert.ts'
import type { Log } from '../lib/log.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import type { FreezeOutcome, FreezeRequest, VolumeChange } from './protocol.ts'
import type { SharedDisks } from './shared-disks.ts'

export interface VolumeWork {
  /** Keeps these volumes' files as they are while `section` runs; copies in the background give way. */
  exclusively<T>(volumeIds: readonly VolumeId[], section: () => Promise<T>): Promise<T>
  freeze(request: FreezeRequest): Promise<FreezeOutcome[]>
  collapse(volumeId: VolumeId, instanceId: InstanceId | null, signal?: AbortSignal): Promise<void>
  /** The layer lies on no others any more; machines that live go over. Takes long, and may be repeated. */
  flatten(layerId: LayerId, keys: LayerKeys | null, signal?: AbortSignal): Promise<void>
  /** As `exclusively`, for work in the background that gives way itself when somebody needs the volume. */
  interruptible<T>(
    volumeId: VolumeId,
    signal: AbortSignal,
    section: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  change(volumeId: VolumeId, change: VolumeChange): Promise<void>
}

const GIB = 1024 ** 3
/** Longer than an ordinary reboot's: here the guest's last writes are what it is about. */
const REBOOT_GRACE_MS = 30_000

export function createVolumeWork(options: {
  driver: VmDriver
  volumes: VolumeBackend
  /** Volumes that several machines have; absent: there are none. */
  shared?: () => Pick<SharedDisks, 'serverOf' | 'has' | 'changed' | 'frozen'>
  log: Log
}): VolumeWork {
  const { driver, volumes, log } = options
  const serverOf = async (volumeId: VolumeId) =>
    (await options.shared?.().serverOf(volumeId)) ?? null
  const mutex = createKeyedMutex()
  /** Copies that are under way, to be interrupted. */
  const copies = new Map<string, AbortController>()

  const exclusively = <T>(ids: readonly string[], section: () => Promise<T>): Promise<T> => {
    for (const id of ids) copies.get(id)?.abort(new Error('somebody needs the volume'))
    return mutex.runAll(ids, section)
  }

  /** One that is shared goes over in its server; the others in their machine, at one instant. */
  const allGoOver = async (
    instanceId: InstanceId | null,
    begun: readonly Freeze[],
    wanted: FreezeRequest['volumes'],
  ): Promise<number> => {
    const own: Freeze[] = []
    let pauseMs = 0
    let isAnyOver = false
    try {
      for (const one of begun) {
        const server = await serverOf(one.volumeId)
        if (!server) {
          own.push(one)
          continue
        }
        pauseMs += await goOver(server.driver, server.id, [one], wanted)
        isAnyOver = true
      }
      return pauseMs + (await goOver(driver, instanceId, own, wanted))
    } catch (cause) {
      // What has gone over is not undone: all of it is asked for again.
      if (isAnyOver) throw new QmpError(wordsOf(cause), null, { cause })
      throw cause
    }
  }

  const freeze = async (request: FreezeRequest): Promise<FreezeOutcome[]> => {
    const { instanceId, volumes: wanted, isRebooted = false } = request
    for (const { volumeId } of wanted) {
      const file = (await volumes.info(volumeId))?.backing
      if (!file || !nbdSourceOf(file.path)) continue
      const reason = `${volumeId} is still being restored`
      return wanted.map((one) => ({ volumeId: one.volumeId, reason }))
    }
    const begun: Freeze[] = []
    try {
      for (const { volumeId, layerId, key = null } of wanted) {
        begun.push(await volumes.layers.begin(volumeId, layerId, key))
        // Before anybody goes over: who dies in between comes back to either.
        options.shared?.().frozen(volumeId, layerId, key)
      }
      // Its files lie ready: the moment after the reset is theirs, and the guest has written nothing yet.
      const isNew = begun.every((one) => !one.isSuperseded && one.from !== one.to)
      if (isRebooted && isNew && instanceId !== null) await reboot(driver, instanceId)
      const over = (): Promise<number> => allGoOver(instanceId, begun, wanted)
      const quiet =
        request.isQuiesced && isNew && instanceId !== null
          ? await driver.whileQuiet(instanceId, over)
          : { value: await over(), crashReason: isNew ? 'nobody asked' : 'not known any more' }
      for (const one of begun) await volumes.layers.finish(one)
      return await Promise.all(begun.map((one) => outcomeOf(volumes, one, quiet)))
    } catch (error) {
      const isBegunBefore = begun.some((one) => one.isSuperseded || one.from === one.to)
      if (isUnclear(error) || isBegunBefore) throw error
      log.warn({ err: error, volumes: wanted }, 'volumes were not frozen')
      for (const one of begun) await volumes.layers.undo(one)
      return wanted.map(({ volumeId }) => ({ volumeId, reason: wordsOf(error) }))
    }
  }

  const interruptible: VolumeWork['interruptible'] = async (volumeId, signal, section) => {
    const copy = new AbortController()
    copies.set(volumeId, copy)
    const until = AbortSignal.any([copy.signal, signal])
    try {
      return await mutex.run(volumeId, () => {
        until.throwIfAborted()
        return section(until)
      })
    } finally {
      if (copies.get(volumeId) === copy) copies.delete(volumeId)
    }
  }

  const collapse: VolumeWork['collapse'] = async (volumeId, instanceId, signal) => {
    const copy = new AbortController()
    const server = await serverOf(volumeId)
    const holder = server ?? (instanceId === null ? null : { driver, id: instanceId })
    const isLive = holder !== null && (await isAlive(holder.driver, holder.id))
    copies.set(volumeId, copy)
    const until = signal ? AbortSignal.any([copy.signal, signal]) : copy.signal
    try {
      if (isLive) {
        // Not amid a freeze; one that comes later interrupts it.
        const base = await mutex.run(volumeId, async () => {
          const file = present(await volumes.info(volumeId), `no volume ${volumeId}`)
          const image = await imageBeneath(volumes, file.backing)
          // One that was frozen before this was known; its next freeze gives it another file.
          const isFatal = file.hasSubclusters && (file.backing?.path ?? null) !== image
          if (isFatal) throw new Error(`${volumeId} cannot be copied into while a machine has it`)
          return image
        })
        await holder.driver.diskCollapse(holder.id, volumeId, base, until)
      } else {
        await mutex.run(volumeId, () => volumes.layers.collapse(volumeId, until))
      }
    } finally {
      if (copies.get(volumeId) === copy) copies.delete(volumeId)
    }
  }

  const flatten: VolumeWork['flatten'] = async (layerId, keys, signal) => {
    const { layers = {}, heads = {} } = keys ?? {}
    await volumes.layers.flatten(layerId, layers, signal ?? new AbortController().signal)
    const upon = await volumesUpon(volumes, volumes.layers.path(layerId))
    // No freeze amid it: what is written to now would be a layer in the next moment.
    await mutex.runAll(upon, async () => {
      const machines = (await driver.list()).filter(isLiving)
      for (const volumeId of upon) {
        const info = await volumes.info(volumeId)
        if (!info?.backing) continue
        const key = heads[volumeId] ?? null
        const below = volumes.withKeys(info.backing, { head: key, layers })
        const relay = { volumeId, headPath: info.path, key, below }
        const server = await serverOf(volumeId)
        const own = machines.map(({ instanceId }) => ({ driver, id: instanceId }))
        for (const holder of server ? [server] : own) {
          await holder.driver.layerRelay(holder.id, relay)
        }
      }
    })
  }

  return {
    exclusively,
    flatten,
    freeze: (request) => {
      const ids = request.volumes.map((one) => one.volumeId)
      return exclusively(ids, () => freeze(request))
    },
    collapse,
    interruptible,
    change: (volumeId, { instanceId, otherIds = [], sizeGiB, limits, keys }) =>
      exclusively([volumeId], async () => {
        const file = await volumes.info(volumeId)
        if (!file) return
        const server = await serverOf(volumeId)
        if (!server && options.shared?.().has(volumeId)) {
          throw new Error(`who serves ${volumeId} is away`)
        }
        // A server first: what it serves is as large as it says.
        const machines = [instanceId, ...otherIds].filter((id) => id !== null)
        const holders = [...(server ? [server] : []), ...machines.map((id) => ({ driver, id }))]
        for (const holder of holders) {
          if (!(await isAlive(holder.driver, holder.id))) continue
          // Of a shared one, the file is grown by now and its machines may not know of it.
          if ((server && holder !== server) || file.sizeBytes < sizeGiB * GIB) {
            await holder.driver.diskResize(holder.id, volumeId, sizeGiB * GIB)
          }
          // Of a shared one the server limits all together.
          const isLimiting = !server || holder === server
          if (isLimiting) await holder.driver.diskLimit(holder.id, { ...limits, volumeId })
        }
        options.shared?.().changed(volumeId, { ...limits, sizeGiB })
        // Also when the machine that lives does not have it (yet); one that has it has grown it.
        await volumes.ensure({ volumeId, sizeGiB, source: null, keys: keysChecked(keys) })
      }),
  }
}

/** A guest that does not shut down in time is reset, as with RebootInstances. */
async function reboot(driver: VmDriver, instanceId: InstanceId): Promise<void> {
  if (!(await isAlive(driver, instanceId))) return
  await driver.reboot(instanceId, { graceMs: REBOOT_GRACE_MS })
}

async function goOver(
  driver: VmDriver,
  instanceId: InstanceId | null,
  begun: readonly Freeze[],
  wanted: FreezeRequest['volumes'],
): Promise<number> {
  const overlays = begun
    .filter((one) => !one.isSuperseded)
    .map(({ volumeId, layerId, to }) => {
      const key = wanted.find((one) => one.volumeId === volumeId)?.key ?? null
      return { volumeId, layerId, path: to, key }
    })
  if (instanceId === null || overlays.length === 0) return 0
  try {
    return (await driver.disksOverlay(instanceId, overlays)) ?? 0
  } catch (error) {
    // It ended meanwhile: the next to open the volume opens the new file.
    if (!(await isAlive(driver, instanceId))) return 0
    throw error
  }
}

/** QEMU refused, or a file could not be made: nothing has happened. Anything else may have. */
function isUnclear(error: unknown): boolean {
  const name = (error as Error).name
  if (error instanceof QmpError) return error.errorClass === null
  return name === 'TimeoutError'
}

async function isAlive(driver: VmDriver, instanceId: InstanceId): Promise<boolean> {
  const machine = (await driver.list()).find((one) => one.instanceId === instanceId)
  return machine !== undefined && isLiving(machine)
}

const isLiving = ({ state }: MachineObservation): boolean =>
  !['stopped', 'crashed', 'absent'].includes(state)

async function outcomeOf(
  volumes: VolumeBackend,
  { volumeId, layerId }: Freeze,
  { value: pauseMs, crashReason }: { value: number; crashReason: string | null },
): Promise<FreezeOutcome> {
  const { layers } = volumes
  return {
    volumeId,
    parentId: await layers.beneath(layerId),
    headOn: present(await layers.beneath(volumeId), `${volumeId} lies on no layer`),
    usedBytes: await layers.usedBytes(layerId),
    pauseMs,
    crashReason,
  }
}

/** Volumes that read through this file. */
async function volumesUpon(volumes: VolumeBackend, path: string): Promise<VolumeId[]> {
  const upon: VolumeId[] = []
  for (const volumeId of await volumes.list()) {
    const info = await volumes.info(volumeId).catch(() => null)
    if (info && depthOf(info, path) !== null) upon.push(volumeId)
  }
  return upon
}

/** Files of a chain above this one; null: it is not in it. */
function depthOf(top: Pick<DiskBacking, 'path' | 'backing'>, path: string): number | null {
  let depth = 0
  for (let file: typeof top | null | undefined = top; file; file = file.backing) {
    if (file.path === path) return depth
    depth++
  }
  return null
}

/** The file beneath the lowest layer; null when there is none. A template's disk may lie between two. */
async function imageBeneath(
  volumes: VolumeBackend,
  top: DiskBacking | null,
): Promise<string | null> {
  const layers = new Set((await volumes.layers.list()).map((id) => volumes.layers.path(id)))
  let beneath: string | null = top?.path ?? null
  for (let file: DiskBacking | null | undefined = top; file; file = file.backing) {
    if (layers.has(file.path)) beneath = file.backing?.path ?? null
  }
  // What comes over NBD is copied too: nothing stays of it.
  return beneath !== null && !nbdSourceOf(beneath) ? beneath : null
}

/** An error's words for the user: bounded, one line. */
export function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll(/\s+/g, ' ').slice(0, 400)
}
