/**
 * A vault in a folder. Every blob is written under another name, synced, renamed and its folder synced, so that a
 * power cut leaves the whole blob or none. Files of packs stay open for a while: restores read thousands of chunks.
 */
import { randomBytes } from 'node:crypto'
import { constants, statSync } from 'node:fs'
import {
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { assert } from '../../lib/assert.ts'
import { fsyncFolder, writeFileDurable } from '../../lib/fs-durable.ts'
import { writeAll } from '../../lib/write-all.ts'
import { BlobMissingError, DamagedError, VaultError } from '../errors.ts'
import {
  BLOB_BYTES_MAX,
  BLOBS_MAX,
  isKey,
  type BlobInfo,
  type BlobStore,
  type BlobWriter,
} from './blob-store.ts'

const OPEN_FILES_MAX = 32
/** Appends are gathered to this before they are written. */
const WRITE_BYTES = 1024 * 1024
const STATS_PER_TURN = 512
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/** Named so by fs-durable and, after the blob, by `create`. No key, and so never listed. */
const TEMPORARY = /^\..*\.tmp$/

export function createFolderStore(root: string): BlobStore {
  const files = createOpenFiles()
  const pathOf = (key: string): string => {
    assert(isKey(key), `not a key: ${key}`)
    return join(root, key)
  }
  return {
    list: (folder) => listFolder(root, folder),
    read: async (key) => {
      const handle = await openOf(key, pathOf(key))
      try {
        const { size } = await handle.stat()
        if (size > BLOB_BYTES_MAX) throw new DamagedError(key, `${size} bytes: too many to be read`)
        return await bytesOf(handle, size)
      } finally {
        await handle.close()
      }
    },
    readRange: (key, offset, length) =>
      files.use(key, pathOf(key), async (handle) => {
        const bytes = Buffer.allocUnsafe(length)
        for (let at = 0; at < length;) {
          const { bytesRead } = await handle.read(bytes, at, length - at, offset + at)
          if (bytesRead === 0) throw new DamagedError(key, 'the file ends too early')
          at += bytesRead
        }
        return bytes
      }),
    exists: async (key) => {
      try {
        return (await stat(pathOf(key))).isFile()
      } catch (error) {
        if (isMissing(error)) return false
        throw failureOf(key, error)
      }
    },
    write: async (key, bytes) => {
      const path = pathOf(key)
      try {
        await ensureParent(path)
        await writeFileDurable(path, bytes)
      } catch (error) {
        throw failureOf(key, error)
      }
      await files.forget(key)
    },
    note: async (key, bytes) => {
      const path = pathOf(key)
      const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
      try {
        await ensureParent(path)
        await writeFile(temporary, bytes, { mode: FILE_MODE, flag: 'wx' })
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {})
        throw failureOf(key, error)
      }
    },
    create: (key) => createWriter(key, pathOf(key)),
    remove: async (key) => {
      await files.forget(key)
      if (await isUnlinked(key, pathOf(key))) await fsyncFolder(dirname(pathOf(key)))
    },
    discard: async (key) => void (await isUnlinked(key, pathOf(key))),
    retain: null,
    removeLeftovers: (isLeft) => removeLeftovers(root, isLeft),
    close: () => files.close(),
  }
}

/** False: it was not there. */
async function isUnlinked(key: string, path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw failureOf(key, error)
  }
}

async function* listFolder(
  root: string,
  folder: string,
  count = { of: 0 },
): AsyncGenerator<BlobInfo> {
  const path = join(root, folder)
  let entries
  try {
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return
    throw failureOf(folder, error)
  }
  for (const [at, entry] of entries.entries()) {
    if (at % STATS_PER_TURN === STATS_PER_TURN - 1) await setImmediate()
    const key = `${folder}${entry.name}`
    if (!isKey(key)) continue
    if (++count.of > BLOBS_MAX) throw new VaultError(`${folder}: more files than a vault has`)
    if (entry.isDirectory()) yield* listFolder(root, `${key}/`, count)
    // Synchronous: three microseconds instead of fifty, and a vault has thousands of packs.
    const facts = entry.isFile()
      ? statSync(join(path, entry.name), { throwIfNoEntry: false })
      : null
    // Removed meanwhile, otherwise.
    if (facts) yield { key, sizeBytes: facts.size }
  }
}

/** Only packs take room that is worth it. */
async function removeLeftovers(root: string, isLeft: (key: string) => boolean): Promise<void> {
  const folder = join(root, 'packs')
  for (const name of await readdir(folder).catch(() => [])) {
    if (TEMPORARY.test(name) && isLeft(`packs/${name.slice(1, -'.tmp'.length)}`)) {
      await rm(join(folder, name), { force: true })
    }
  }
}

async function createWriter(key: string, path: string): Promise<BlobWriter> {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`)
  let handle: FileHandle | null
  try {
    await ensureParent(path)
    handle = await open(temporary, 'wx', FILE_MODE)
  } catch (error) {
    throw failureOf(key, error)
  }
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  /** Of whoever appended last; writes go to the file one after the other. */
  let tail: Promise<void> = Promise.resolve()
  const flush = (): Promise<void> => {
    const parts = gathered
    gathered = []
    gatheredBytes = 0
    tail = tail.then(() => writeAll(handle!, parts))
    return tail
  }
  const abort = async (): Promise<void> => {
    if (handle === null) return
    await tail.catch(() => {})
    const closing = handle
    handle = null
    await closing.close().catch(() => {})
    await rm(temporary, { force: true }).catch(() => {})
  }
  const failed = async (error: unknown): Promise<never> => {
    await abort()
    throw failureOf(key, error)
  }
  return {
    append: async (parts) => {
      for (const part of parts) {
        gathered.push(part)
        gatheredBytes += part.length
      }
      if (gatheredBytes >= WRITE_BYTES) await flush().catch(failed)
    },
    commit: async () => {
      try {
        await flush()
        await handle!.datasync()
        await handle!.close()
        handle = null
        await rename(temporary, path)
        await fsyncFolder(dirname(path))
      } catch (error) {
        await failed(error)
      }
    },
    abort,
  }
}

interface OpenFiles {
  use<T>(key: string, path: string, read: (handle: FileHandle) => Promise<T>): Promise<T>
  forget(key: string): Promise<void>
  close(): Promise<void>
}

interface OpenFile {
  handle: Promise<FileHandle>
  readers: number
  isForgotten: boolean
}

/** Least recently used ones are closed, none while it is read. */
function createOpenFiles(): OpenFiles {
  const files = new Map<string, OpenFile>()
  let isClosed = false
  const closeOf = async (file: OpenFile): Promise<void> => {
    if (file.readers > 0) return
    const handle = await file.handle.catch(() => null)
    await handle?.close().catch(() => {})
  }
  const forget = async (key: string): Promise<void> => {
    const file = files.get(key)
    if (!file) return
    files.delete(key)
    file.isForgotten = true
    await closeOf(file)
  }
  return {
    use: async (key, path, read) => {
      const there = files.get(key)
      const file = there ?? { handle: openOf(key, path), readers: 0, isForgotten: isClosed }
      file.readers++
      files.delete(key)
      // Whoever still reads when all is closed has its file for itself: nobody would close it later.
      if (!isClosed) files.set(key, file)
      if (files.size > OPEN_FILES_MAX) void forget(files.keys().next().value!)
      try {
        return await read(await file.handle)
      } catch (error) {
        if (files.get(key) === file) files.delete(key)
        file.isForgotten = true
        throw failureOf(key, error)
      } finally {
        file.readers--
        if (file.isForgotten) await closeOf(file)
      }
    },
    forget,
    close: async () => {
      isClosed = true
      for (const key of files.keys()) await forget(key)
    },
  }
}

async function ensureParent(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
}

/** Neither led elsewhere nor held up: a vault may lie on somebody else's disk. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function openOf(key: string, path: string): Promise<FileHandle> {
  let handle: FileHandle
  try {
    handle = await open(path, OPEN_FLAGS)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP' || code === 'ENXIO') throw new DamagedError(key, 'it is no file', error)
    throw failureOf(key, error)
  }
  const facts = await handle.stat().catch(() => null)
  if (facts?.isFile()) return handle
  await handle.close().catch(() => {})
  throw new DamagedError(key, 'it is no file')
}

/** As many as there were: a file that grows meanwhile is none of ours. */
async function bytesOf(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

function failureOf(key: string, error: unknown): Error {
  if (error instanceof VaultError) return error
  if (isMissing(error)) return new BlobMissingError(key, error)
  const { code, message } = error as NodeJS.ErrnoException
  const what = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk of the vault is full' : message
  return new VaultError(`${key}: ${what}`, { cause: error })
}
