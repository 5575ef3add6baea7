/**
 * The only writer of state files. "Durable before we say it is": write to a temporary name, fsync, rename, fsync
 * the folder. Readers see the old content or the new, never a part.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export async function fsyncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export async function fsyncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates or replaces `path` with `data`. */
export async function writeFileDurable(
  path: string,
  data: string | Uint8Array,
  options: { mode?: number; owner?: { uid: number; gid: number } } = {},
): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', options.mode ?? 0o600)
  try {
    await handle.writeFile(data)
    if (options.owner) await handle.chown(options.owner.uid, options.owner.gid)
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(temporary, path).catch(async (error: unknown) => {
    await rm(temporary, { force: true })
    throw error
  })
  await fsyncFolder(folder)
}

export async function writeJsonDurable(path: string, value: unknown, mode = 0o600): Promise<void> {
  await writeFileDurable(path, `${JSON.stringify(value, null, 2)}\n`, { mode })
}

/** The parsed file, or undefined when there is none. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Moves a finished file or folder into place and makes the move durable. */
export async function renameDurable(from: string, to: string): Promise<void> {
  await rename(from, to)
  await fsyncFolder(dirname(to))
}

export async function removeDurable(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await fsyncFolder(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

export async function ensureFolder(path: string, mode = 0o700): Promise<string> {
  await mkdir(path, { recursive: true, mode })
  return path
}
