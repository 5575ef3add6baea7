/**
 * Where the console's built files come from: those that were shipped (console/dist of the published package), else
 * built from the checkout at the first start, in the background, and kept below the home's cache under a hash of
 * everything that goes into them (docs/decisions/0100). A start never waits for it.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConsoleSource, ConsoleState } from '../api/console/assets.ts'
import { exec } from '../lib/exec.ts'
import { ensureFolder, fsyncFile, fsyncFolder, renameDurable } from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What the build reads: besides the console itself, the tables of states that it shares with the server. */
const INPUTS = ['console', 'src/domain', 'package-lock.json']
const BUILD_TIMEOUT_MS = 180_000

export interface ConsoleSourceOptions {
  /** `BRUME_HOME/cache`. */
  cacheFolder: string
  log: Log
  /** Looks at each page load whether the sources changed: for working on the console. */
  isWatched?: boolean
}

export function createConsoleSource(options: ConsoleSourceOptions): ConsoleSource {
  const { log } = options
  let current: { hash: string; state: ConsoleState } | null = null
  const begin = async (): Promise<ConsoleState> => {
    const shipped = join(ROOT, 'console/dist')
    if (!options.isWatched && (await isThere(join(shipped, 'index.html')))) {
      return { status: 'ready', folder: shipped }
    }
    const hash = await hashOfInputs()
    if (current?.hash === hash) return current.state
    const folder = join(options.cacheFolder, 'console', hash)
    const entry: { hash: string; state: ConsoleState } = { hash, state: { status: 'building' } }
    current = entry
    if (await isThere(join(folder, 'index.html'))) {
      entry.state = { status: 'ready', folder }
    } else {
      void build(folder, log).then((state) => (entry.state = state))
    }
    return entry.state
  }
  let asked: Promise<ConsoleState> | null = null
  return {
    state: async () => {
      if (current?.state.status === 'building') return current.state
      if (current && !options.isWatched) return current.state
      asked ??= begin().finally(() => (asked = null))
      return asked
    },
  }
}

async function build(folder: string, log: Log): Promise<ConsoleState> {
  const startedAt = performance.now()
  const making = `${folder}.${process.pid}`
  try {
    await ensureFolder(join(folder, '..'))
    await rm(making, { recursive: true, force: true })
    const args = [join(ROOT, 'console/build.ts'), making]
    await exec(process.execPath, args, { cwd: ROOT, timeoutMs: BUILD_TIMEOUT_MS })
    // Found by its name alone at every later start: a power cut must not leave the name of empty files.
    for (const one of await readdir(making, { recursive: true, withFileTypes: true })) {
      const path = join(one.parentPath, one.name)
      await (one.isDirectory() ? fsyncFolder(path) : fsyncFile(path))
    }
    await fsyncFolder(making)
    await renameDurable(making, folder)
    await forgetOthers(folder)
    log.info({ tookMs: Math.round(performance.now() - startedAt) }, 'the console is built')
    return { status: 'ready', folder }
  } catch (err) {
    await rm(making, { recursive: true, force: true }).catch(() => {})
    // Another daemon of this home was quicker.
    if (await isThere(join(folder, 'index.html'))) return { status: 'ready', folder }
    log.error({ err }, 'the console could not be built')
    const reason = err instanceof Error ? err.message : String(err)
    return { status: 'failed', reason: reason.slice(0, 500) }
  }
}

async function forgetOthers(folder: string): Promise<void> {
  const parent = join(folder, '..')
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    if (path !== folder) await rm(path, { recursive: true, force: true })
  }
}

async function hashOfInputs(): Promise<string> {
  const hash = createHash('sha256')
  for (const input of INPUTS) {
    const path = join(ROOT, input)
    const isFolder = (await stat(path)).isDirectory()
    const entries = isFolder ? await readdir(path, { recursive: true, withFileTypes: true }) : []
    const files = isFolder
      ? entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
      : [path]
    for (const file of files.toSorted()) {
      if (file.startsWith(join(ROOT, 'console/dist'))) continue
      hash
        .update(`${file.slice(ROOT.length)}\0`)
        .update(await readFile(file))
        .update('\0')
    }
  }
  return hash.digest('hex').slice(0, 20)
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
