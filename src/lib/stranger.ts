/**
 * Programs that read what strangers made: parsers of disk formats have had holes, so each run is nobody, alone and
 * poor. As root it becomes a user that owns nothing on the host, without rights and without a way to gain any, in
 * namespaces of its own (no network, no other process to see or signal), and in any case below limits of memory,
 * processor time, open files and what it may write. It works in one folder, which is given to it for that, on
 * files named relative to it.
 */
import { chown, mkdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { exec, type ExecOptions, type ExecResult } from './exec.ts'

/** Where no distribution puts people or services, and next to none of ours. */
export const STRANGER = { uid: 1_499_999_999, gid: 1_499_999_999 }

export interface StrangerLimits {
  addressBytesMax: number
  cpuSecondsMax: number
  /** Of any one file that it writes. */
  fileBytesMax: number
}

const OPEN_FILES_MAX = 64
const COPY_TIMEOUT_MS = 4 * 3_600_000
const THREADS_MAX = 256

const isRoot = (): boolean => process.getuid?.() === 0

/** Whom it becomes; null: it stays who we are, who are nobody special. */
export const strangerUser = (): typeof STRANGER | null => (isRoot() ? STRANGER : null)

/** A folder for its work; `files` in it become its own. */
export async function strangerFolder(path: string, files: readonly string[] = []): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (!isRoot()) return
  for (const one of [path, ...files]) await chown(one, STRANGER.uid, STRANGER.gid)
}

/**
 * The file as one that it may read: itself when it lies in its folder, a copy (without space, where the disk can)
 * else.
 */
export async function strangerFile(source: string, folder: string): Promise<string> {
  const path = dirname(source) === folder ? source : join(folder, 'stranger')
  if (path !== source) {
    // Its holes stay holes: a file may claim terabytes.
    const how = ['--sparse=always', '--reflink=auto', '--no-target-directory']
    await exec('cp', [...how, '--', source, path], { timeoutMs: COPY_TIMEOUT_MS })
  }
  await strangerFolder(folder, [path])
  return path
}

export function strangerExec(
  folder: string,
  command: string,
  args: readonly string[],
  limits: StrangerLimits,
  options: ExecOptions = {},
): Promise<ExecResult> {
  const poor = [
    `--as=${limits.addressBytesMax}`,
    `--cpu=${limits.cpuSecondsMax}`,
    `--fsize=${limits.fileBytesMax}`,
    `--nofile=${OPEN_FILES_MAX}`,
    '--core=0',
  ]
  const run = ['prlimit', ...poor, '--', command, ...args]
  const [exe, ...rest] = isRoot() ? [...ALONE, ...NOBODY, ...run] : run
  return exec(exe!, rest, { ...options, cwd: folder })
}

const ALONE = ['unshare', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', '--']
const NOBODY = [
  'prlimit',
  `--nproc=${THREADS_MAX}`,
  '--',
  'setpriv',
  `--reuid=${STRANGER.uid}`,
  `--regid=${STRANGER.gid}`,
  '--clear-groups',
  '--no-new-privs',
  '--inh-caps=-all',
  '--bounding-set=-all',
  '--',
]

/** What it left, as ours again. */
export async function strangerTake(path: string): Promise<string> {
  if (isRoot() && (await stat(path)).uid === STRANGER.uid) {
    await chown(path, process.getuid!(), process.getgid!())
  }
  return path
}

/** How a program that runs in `folder` says a file in it: no absolute path, and nothing that reads as a protocol. */
export function strangerName(path: string): string {
  return `./${basename(path)}`
}
