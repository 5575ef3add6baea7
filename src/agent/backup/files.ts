/** Files of recovery points, browsed and read: which helper machine looks into which point, and for how long. */
import type { PointDisk, Vault } from '../../backup/vault.ts'
import type { BackupDisk, FileEntry, VaultPlace } from '../../domain/backup.ts'
import { diskNames } from '../../domain/backup/disk-names.ts'
import { invalidValue } from '../../domain/faults.ts'
import type { Log } from '../../lib/log.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import { fileHelperStart, type FileHelper, type HelperMachines } from './file-helper.ts'
import { FileError } from './file-line.ts'
import { FinalError } from './work.ts'
import type { Vaults } from './vaults.ts'

export interface FileBrowser {
  list(vault: VaultPlace, pointId: string, path: string): Promise<FileEntry[]>
  read(vault: VaultPlace, pointId: string, path: string): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** For the next question. */
const LINGER_MS = 60_000
/** Each is a machine. */
const HELPERS_MAX = 2

interface Entry {
  helper: FileHelper
  /** In the order in which the helper has them. */
  names: readonly string[]
  users: number
  timer: NodeJS.Timeout | null
  /** Lets the vault go. */
  end(): void
}

export function createFileBrowser(options: {
  home: string
  machines: HelperMachines | null
  vaults: Vaults
  log: Log
}): FileBrowser {
  const { home, machines, vaults, log } = options
  const entries = new Map<string, Entry>()
  const mutex = createKeyedMutex()

  const drop = async (pointId: string, entry: Entry): Promise<void> => {
    if (entries.get(pointId) === entry) entries.delete(pointId)
    if (entry.timer) clearTimeout(entry.timer)
    await entry.helper.close()
    entry.end()
  }

  const start = async (place: VaultPlace, pointId: string): Promise<Entry> => {
    if (!machines) throw new FinalError('a simulated host cannot look into a point')
    const idle = [...entries].find(([, entry]) => entry.users === 0)
    if (entries.size >= HELPERS_MAX) {
      if (!idle) throw new Error('other points are being looked into: try again later')
      await drop(...idle)
    }
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => (end = resolve))
    return new Promise((resolve, reject) => {
      // The vault stays open for as long as the machine reads from it.
      vaults
        .use(place, async (vault) => {
          const disks: PointDisk[] = []
          try {
            const described = await disksOf(vault, pointId)
            for (const { diskId } of described) disks.push(await vault.openDisk(pointId, diskId))
            const helper = await fileHelperStart(home, machines, disks)
            log.info({ pointId }, 'a helper machine looks into a point')
            resolve({ helper, names: diskNames(described), users: 0, timer: null, end })
            await ended
          } finally {
            for (const disk of disks) await disk.close()
          }
        })
        .catch(reject)
    })
  }

  const withHelper = async (place: VaultPlace, pointId: string): Promise<Entry> =>
    mutex.run('start', async () => {
      const entry = entries.get(pointId) ?? (await start(place, pointId))
      entries.set(pointId, entry)
      if (entry.timer) clearTimeout(entry.timer)
      entry.users++
      return entry
    })

  const release = (pointId: string, entry: Entry): void => {
    if (--entry.users > 0) return
    entry.timer = setTimeout(() => void drop(pointId, entry).catch(() => {}), LINGER_MS)
    entry.timer.unref()
  }

  return {
    list: async (place, pointId, path) => {
      const parts = partsOf(path)
      if (parts.length === 0) {
        const disks = await vaults.use(place, (vault) => disksOf(vault, pointId))
        return disks.map(({ sizeBytes }, index) => {
          const name = diskNames(disks)[index]!
          return { name, kind: 'folder', mode: 0o555, sizeBytes, modifiedAt: 0 }
        })
      }
      const entry = await withHelper(place, pointId)
      try {
        return await entry.helper.line.list(guestPath(entry.names, parts))
      } catch (error) {
        if (!isAnswer(error)) await drop(pointId, entry)
        throw told(error, path)
      } finally {
        release(pointId, entry)
      }
    },
    read: async function* (place, pointId, path) {
      const entry = await withHelper(place, pointId)
      // Whoever stops in the middle leaves a line on which nobody knows what comes next.
      let isUsable = false
      try {
        yield* entry.helper.line.read(guestPath(entry.names, partsOf(path)))
        isUsable = true
      } catch (error) {
        isUsable = isAnswer(error)
        throw told(error, path)
      } finally {
        if (!isUsable) await drop(pointId, entry)
        release(pointId, entry)
      }
    },
    close: async () => {
      for (const [pointId, entry] of entries) await drop(pointId, entry).catch(() => {})
    },
  }
}

/** Otherwise nobody knows what the machine would say next. */
function isAnswer(error: unknown): boolean {
  return error instanceof FileError || error instanceof FinalError
}

/** What is not in the point is its reader's mistake. */
function told(error: unknown, path: string): unknown {
  return isAnswer(error) ? invalidValue('path', path, (error as Error).message) : error
}

async function disksOf(vault: Vault, pointId: string): Promise<readonly BackupDisk[]> {
  const point = (await vault.points()).find((one) => one.pointId === pointId)
  if (!point) throw new FinalError(`the point ${pointId} is not in the vault`)
  return point.disks
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function guestPath(names: readonly string[], [disk = '', ...rest]: readonly string[]): string {
  const index = names.indexOf(disk)
  if (index < 0) throw new FinalError(`the point has no disk ${disk}: ${names.join(', ')}`)
  return `/${[index, ...rest].join('/')}`
}
