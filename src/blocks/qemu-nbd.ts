/**
 * `qemu-nbd` for one disk and one client: a child of ours that reads (or writes) an image in our place, because an
 * image is somebody's input. It is a user of its own, without a network, capabilities or a second of life after us or
 * after its client; keys come by files in memory.
 */
import { randomInt } from 'node:crypto'
import { chown, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DiskBacking } from '../domain/machine.ts'
import { appearance } from '../lib/appearance.ts'
import { exec } from '../lib/exec.ts'
import { secretFiles, secretName } from '../lib/secret-files.ts'
import { withDeadline } from '../lib/time.ts'
import { diskName, keysOf } from './secrets.ts'

export interface DiskServer {
  socket: string
  /** Ends it: what a client has not flushed may be lost. Idempotent. */
  close(): Promise<void>
}

export interface DiskServerOptions {
  /** Otherwise the topmost file is written to: nobody else may have it open. */
  isReadOnly: boolean
  /** Serves the context `qemu:allocation-depth` too: in which file of the chain (1: the topmost) an extent lies. */
  hasDepth?: boolean
  signal?: AbortSignal
}

const START_TIMEOUT_MS = 15_000
const LIFE_MS_MAX = 24 * 3_600_000
/** Enough for the tables of a 64 TiB image. */
const MEMORY_BYTES_MAX = 1024 ** 3
const OUTPUT_BYTES_MAX = 256 * 1024
/** Ids where no distribution puts people or services, beside those of machines (main/daemon.ts). */
const READER_ID_FIRST = 1_800_000_000
const READER_ID_COUNT = 0x100_0000

/** @throws Error when it does not come up, with its own words. */
export async function qemuNbd(file: DiskBacking, options: DiskServerOptions): Promise<DiskServer> {
  const { isReadOnly, hasDepth = false, signal } = options
  signal?.throwIfAborted()
  const user = await userFor(file, isReadOnly)
  const folder = await mkdtemp(join(tmpdir(), 'brume-nbd-'))
  const named = new Map(keysOf(file).map((key) => [secretName(key), key]))
  const secrets = await secretFiles(named, user)
  const socket = join(folder, 'socket')
  const end = new AbortController()
  const ready = appearance(folder, 'pid')
  try {
    if (user) await chown(folder, user.uid, user.gid)
    await secrets.write()
    const args = [
      ...[...named.keys()].flatMap((name) => [
        '--object',
        `secret,id=${name},file=${secrets.pathOf(name)}`,
      ]),
      ...(isReadOnly ? ['--read-only'] : ['--discard=unmap', '--detect-zeroes=unmap']),
      ...(hasDepth ? ['--allocation-depth'] : []),
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      diskName(file),
    ]
    const [command, ...rest] = confined(user, ['qemu-nbd', ...args])
    const stop = (): void => end.abort(new Error('the disk is not needed any more'))
    signal?.addEventListener('abort', stop, { once: true })
    const ended = exec(command!, rest, {
      timeoutMs: LIFE_MS_MAX,
      outputBytesMax: OUTPUT_BYTES_MAX,
      signal: end.signal,
      env: { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '1' },
    }).finally(() => signal?.removeEventListener('abort', stop))
    const early = ended.then(() => {
      throw new Error('qemu-nbd ended before it served anything')
    })
    early.catch(() => {})
    await withDeadline('qemu-nbd', START_TIMEOUT_MS, Promise.race([ready.seen, early]))
    await secrets.dispose()
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
    await secrets.dispose()
    await rm(folder, { recursive: true, force: true })
    throw error
  } finally {
    ready.close()
  }
}

/** What is written to is its owner's; what is only read is readable to everybody who can name it. */
async function userFor(
  file: DiskBacking,
  isReadOnly: boolean,
): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null
  if (!isReadOnly) {
    const { uid, gid } = await stat(file.path)
    return { uid, gid }
  }
  const uid = READER_ID_FIRST + randomInt(READER_ID_COUNT)
  return { uid, gid: uid }
}

/** Each of these execs the next in its own place. */
function confined(
  user: { uid: number; gid: number } | null,
  command: readonly string[],
): readonly string[] {
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
