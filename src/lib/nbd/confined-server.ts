/**
 * `qemu-nbd` as a child of ours that reads (or writes) an image in our place, because an image is somebody's input: as
 * a user of its own, without a network, capabilities or a second of life after us, with little memory.
 */
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appearance } from '../appearance.ts'
import { exec } from '../exec.ts'
import { withDeadline } from '../time.ts'

/** Sockets of all processes of this user: a folder each, named after who has it. Gone with the host's next start. */
const FOLDER =
  process.getuid?.() === 0 ? '/run/brume-nbd' : join(tmpdir(), `brume-nbd-${process.getuid?.()}`)

const START_TIMEOUT_MS = 15_000
const LIFE_MS_MAX = 24 * 3_600_000
/** Enough for the tables of a 64 TiB image. */
const MEMORY_BYTES_MAX = 1024 ** 3
const OUTPUT_BYTES_MAX = 256 * 1024

export interface DiskServer {
  socket: string
  /** Ends it: what a client has not flushed may be lost. Idempotent. */
  close(): Promise<void>
}

export type User = { uid: number; gid: number } | null

/** As its owner, who reads what nobody else may; null where we are not root and so are nobody else. */
export async function ownerOf(path: string): Promise<User> {
  if (process.getuid?.() !== 0) return null
  const { uid, gid } = await stat(path)
  return { uid, gid }
}

/**
 * A `qemu-nbd` with these arguments, as this user and with nothing beyond.
 * @throws Error when it does not come up, with its own words.
 */
export async function nbdConfined(
  words: readonly string[],
  { user, signal, lifeMs = LIFE_MS_MAX }: { user: User; signal?: AbortSignal; lifeMs?: number },
): Promise<DiskServer> {
  const folder = await folderMake()
  const socket = join(folder, 'socket')
  const end = new AbortController()
  const ready = appearance(folder, 'pid')
  try {
    if (user) await chown(folder, user.uid, user.gid)
    const args = [`--socket=${socket}`, `--pid-file=${join(folder, 'pid')}`, ...words]
    const [command, ...rest] = confined(user, ['qemu-nbd', ...args])
    const stop = (): void => end.abort(new Error('the disk is not needed any more'))
    signal?.addEventListener('abort', stop, { once: true })
    const ended = exec(command!, rest, {
      timeoutMs: lifeMs,
      outputBytesMax: OUTPUT_BYTES_MAX,
      signal: end.signal,
      env: { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '1' },
    }).finally(() => signal?.removeEventListener('abort', stop))
    const early = ended.then(() => {
      throw new Error('qemu-nbd ended before it served anything')
    })
    early.catch(() => {})
    await withDeadline('qemu-nbd', START_TIMEOUT_MS, Promise.race([ready.seen, early]))
    return {
      socket,
      close: async () => {
        stop()
        await ended.catch(() => {})
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    end.abort(error)
    await rm(folder, { recursive: true, force: true })
    throw error
  } finally {
    ready.close()
  }
}

let swept: Promise<void> | null = null

async function folderMake(): Promise<string> {
  await mkdir(FOLDER, { recursive: true })
  // Others may pass through, not look.
  await chmod(FOLDER, 0o711)
  swept ??= sweep()
  await swept
  return mkdtemp(join(FOLDER, `${process.pid}-`))
}

/** What processes left that were killed. */
async function sweep(): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    if (isAlive(Number.parseInt(name, 10))) continue
    await outlivedEnd(join(FOLDER, name))
    await rm(join(FOLDER, name), { recursive: true, force: true })
  }
}

/**
 * One whose parent was killed in the moment before it said that it wants to die with it. Its folder is its own user's,
 * who may have written any number: only what serves this very socket is ended.
 */
async function outlivedEnd(folder: string): Promise<void> {
  const pid = Number((await readFile(join(folder, 'pid'), 'utf8').catch(() => '')).trim())
  if (!Number.isInteger(pid) || pid <= 1) return
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (!words.split('\0').includes(`--socket=${join(folder, 'socket')}`)) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Each of these execs the next in its own place. */
function confined(user: User, command: readonly string[]): readonly string[] {
  const limits = ['prlimit', `--as=${MEMORY_BYTES_MAX}`, '--core=0', '--']
  const mortal = ['setpriv', '--no-new-privs', '--pdeathsig=KILL']
  if (!user) return [...limits, ...mortal, '--', ...command]
  const rights = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
  ]
  return [...limits, 'unshare', '--net', '--ipc', '--', ...mortal, ...rights, '--', ...command]
}
