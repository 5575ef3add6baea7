/**
 * Instant restore: a volume that is there at once, an empty file upon the point's disk, which is served over NBD while
 * it is copied behind whoever uses the volume. What a guest writes lies in the volume's own file from the beginning.
 * Guarantees: the file's header says where the rest comes from until all of it is in the file and on the disk, so at
 * every moment the volume is whole or cannot be opened. Who serves may end and begin again at any time: reads wait.
 */
import { rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PointDisk, Range, WorkOptions } from '../../backup/vault.ts'
import type { VolumeBackend } from '../../blocks/backend.ts'
import { overlayMake } from '../../blocks/qcow2/files.ts'
import { qemuImgWithKeys } from '../../blocks/secrets.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { nbdSourceOf, nbdUrl } from '../../domain/nbd-source.ts'
import { present } from '../../lib/assert.ts'
import { fsyncFile, renameDurable, writeFileDurable } from '../../lib/fs-durable.ts'
import type { Log } from '../../lib/log.ts'
import { nbdServe } from '../../lib/nbd/server.ts'
import { secretName } from '../../lib/secret-files.ts'
import type { Clock } from '../../lib/time.ts'
import type { VolumeWork } from '../volume-work.ts'
import type { TargetVolume } from './disks.ts'
import { openForFill } from './local-disks.ts'
import { socketPath, socketsFolderEnsure } from './point-sockets.ts'
import type { InstantRestore } from './disks.ts'

export interface InstantOptions {
  volumes: VolumeBackend
  work: VolumeWork
  /** The machine that has the volume now, if one lives. */
  ownerOf(volumeId: string): Promise<InstanceId | null>
  /** Below it, sockets that machines connect to. */
  socketsFolder: string
  log: Log
  clock: Clock
}

/** Until it is tried again to copy, when a start or a stop of the machine came between. */
const PAUSE_MS = 500
const PIECE_BYTES = 4 * 1024 * 1024
const EXPORT_NAME = 'point'
/** In the volume's folder: it was begun. */
const MARK_FILE = 'instant'

export function createInstantRestore(options: InstantOptions): InstantRestore {
  const { volumes, work, log, clock } = options

  /** Where the volume expects to be served from; null: it has all of it. */
  const prepare = (volume: TargetVolume): Promise<string | null> =>
    work.exclusively([volume.volumeId], async () => {
      const { volumeId, sizeGiB, keys } = volume
      const info = await volumes.ensure({ volumeId, sizeGiB, source: null, keys })
      const mark = join(dirname(info.path), MARK_FILE)
      const known = info.backing && nbdSourceOf(info.backing.path)
      const isBegun = await stat(mark).then(Boolean, () => false)
      if (isBegun) return known?.socket ?? null
      const socket = known?.socket ?? (await socketPath(options.socketsFolder))
      if (!known) {
        const backing = {
          path: nbdUrl({ socket, exportName: EXPORT_NAME }),
          format: 'raw',
        } as const
        const { sizeBytes, path } = info
        const key = keys?.head ?? null
        await rm(`${path}.new`, { force: true })
        const owner = await stat(path)
        await overlayMake(`${path}.new`, { sizeBytes, backing, key, isCopiedInto: true }, owner)
        await renameDurable(`${path}.new`, path)
      }
      // From here on a header that names nothing means that all of it was copied.
      await writeFileDurable(mark, '')
      return socket
    })

  const isWhole = async ({ volumeId }: TargetVolume): Promise<boolean> => {
    const file = present(await volumes.info(volumeId), `the volume ${volumeId} is gone`)
    return !file.backing || nbdSourceOf(file.backing.path) === null
  }

  /** Once, as far as it gets. */
  const copy = async (
    volume: TargetVolume,
    disk: PointDisk,
    workOptions: WorkOptions,
  ): Promise<void> => {
    const owner = await options.ownerOf(volume.volumeId)
    if (owner) return work.collapse(volume.volumeId, owner, workOptions.signal)
    await work.interruptible(volume.volumeId, workOptions.signal, (signal) =>
      fillAtRest(volumes, volume, disk, { ...workOptions, signal }),
    )
  }

  return {
    restore: async (volume, disk, workOptions) => {
      const { signal, onUsable } = workOptions
      const socket = await prepare(volume)
      if (socket === null) return { sizeBytes: disk.sizeBytes }
      await socketsFolderEnsure(dirname(socket))
      let failure: Error | null = null
      const onError = (error: unknown): void => {
        failure = error as Error
        log.error({ err: error, volume: volume.volumeId }, 'a point could not be read')
      }
      const seen = { readBytes: 0 }
      const counted = countedDisk(disk, seen)
      const server = await nbdServe(socket, async () => counted, { mode: 0o666, onError })
      try {
        onUsable()
        while (!(await isWhole(volume))) {
          signal.throwIfAborted()
          await copy(volume, counted, workOptions).catch((error: unknown) => {
            // A chunk that is damaged stays so; the rest may be a machine's start or stop that came between.
            if (failure) throw failure
            log.debug({ err: error, volume: volume.volumeId }, 'not copied yet')
          })
          if (!(await isWhole(volume))) await clock.wait(PAUSE_MS, signal)
        }
        return { sizeBytes: disk.sizeBytes, readBytes: seen.readBytes }
      } finally {
        await server.close()
      }
    },
  }
}

function countedDisk(disk: PointDisk, seen: { readBytes: number }): PointDisk {
  return {
    ...disk,
    read: async (offset, length, signal) => {
      const bytes = await disk.read(offset, length, signal)
      seen.readBytes += length
      return bytes
    },
  }
}

/** No machine has it: what the volume's own file does not hold is written there, then the header lets go. */
async function fillAtRest(
  volumes: VolumeBackend,
  { volumeId, keys }: TargetVolume,
  disk: PointDisk,
  { signal, onProgress }: WorkOptions,
): Promise<void> {
  const info = present(await volumes.info(volumeId), `no volume ${volumeId}`)
  if (!info.backing || !nbdSourceOf(info.backing.path)) return
  const key = keys?.head ?? null
  const head = { path: info.path, format: info.format, key, backing: info.backing }
  const target = await openForFill(head, signal)
  try {
    const missing: Range[] = []
    for await (const range of target.missing(signal)) missing.push(range)
    let doneBytes = disk.sizeBytes - missing.reduce((sum, { length }) => sum + length, 0)
    for await (const { start, length } of common(missing, disk.allocated(signal))) {
      for (let at = start; at < start + length; at += PIECE_BYTES) {
        const piece = Math.min(PIECE_BYTES, start + length - at)
        await target.client.write(at, await disk.read(at, piece, signal), signal)
        doneBytes += piece
        onProgress?.({ doneBytes, totalBytes: disk.sizeBytes })
      }
    }
    await target.client.flush(signal)
  } finally {
    await target.close()
  }
  signal.throwIfAborted()
  // Everything is in the file and on the disk.
  await letGo(info.path, key)
}

/** Only the header: it lets go of what lay beneath. */
async function letGo(path: string, key: string | null): Promise<void> {
  const name = [
    'driver=qcow2',
    `file.filename=${path.replaceAll(',', ',,')}`,
    ...(key ? [`encrypt.key-secret=${secretName(key)}`] : []),
  ].join(',')
  await qemuImgWithKeys([key], ['rebase', '-q', '-u', '--image-opts', '-b', '', name])
  await fsyncFile(path)
}

/** What two ascending lists of ranges have in common. */
async function* common(a: readonly Range[], b: AsyncIterable<Range>): AsyncIterable<Range> {
  let index = 0
  for await (const { start, length } of b) {
    const end = start + length
    while (index < a.length && a[index]!.start + a[index]!.length <= start) index++
    for (let at = index; at < a.length && a[at]!.start < end; at++) {
      const from = Math.max(start, a[at]!.start)
      const to = Math.min(end, a[at]!.start + a[at]!.length)
      if (to > from) yield { start: from, length: to - from }
    }
  }
}
