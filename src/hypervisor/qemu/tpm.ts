/**
 * A machine's TPM: one `swtpm` beside its QEMU, as the machine's own user, with no network and nothing to gain. It ends
 * when QEMU lets go of it (`--terminate`), so it outlives us as QEMU does. Its state lies in the machine's folder; the
 * seeds and keys in it are made at its first start.
 */
import { constants } from 'node:fs'
import { lchown, lstat, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VmSpec } from '../../domain/machine.ts'
import { spawnDetached } from '../../lib/exec.ts'
import { ensureFolder, writeFileDurable } from '../../lib/fs-durable.ts'
import type { Clock } from '../../lib/time.ts'
import type { MachinePaths } from './layout.ts'

/** It opens its socket within 20 ms; a busy host needs longer. */
const READY_TIMEOUT_MS = 10_000
const POLL_MS = 5
const END_TIMEOUT_MS = 3_000

type User = { uid: number; gid: number } | null

/** Resolves with its process id when it listens. @throws Error with what it said. */
export async function tpmStart(
  paths: MachinePaths,
  user: User,
  clock: Clock,
  state: string | null = null,
): Promise<number> {
  await tpmEnd(paths, clock)
  await ensureFolder(paths.tpmFolder)
  if (state !== null) await stateEnsure(paths, user, state)
  // The folder around is the user's own: what is in its place now may be a link to somewhere else.
  if (user) await lchown(paths.tpmFolder, user.uid, user.gid)
  const { exe, args } = tpmCommandLine(paths, user)
  const { pid, child } = await spawnDetached(exe, args, {
    logPath: paths.tpmLog,
    cwd: paths.folder,
  })
  const deadline = clock.now() + READY_TIMEOUT_MS
  // Nothing tells when another process listens, and to try would end it: it ends with its first visitor.
  while (!(await isListening(pid, paths.tpmSocket))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    if (hasEnded || clock.now() > deadline) {
      child.kill('SIGKILL')
      const words = (await readFile(paths.tpmLog, 'utf8').catch(() => '')).trim().slice(-400)
      throw new Error(`the TPM did not start: ${words || 'without a word'}`)
    }
    await clock.wait(POLL_MS)
  }
  return pid
}

/**
 * Its file is there a moment before; who connects in that moment is refused. The flag in /proc is the kernel's
 * __SO_ACCEPTCON.
 */
async function isListening(pid: number, path: string): Promise<boolean> {
  const sockets = await readFile(`/proc/${pid}/net/unix`, 'utf8').catch(() => '')
  return sockets.split('\n').some((line) => {
    const [, , , flags, , , , ...name] = line.trim().split(/ +/)
    return name.join(' ') === path && (Number.parseInt(flags ?? '', 16) & 0x10000) !== 0
  })
}

/** As swtpm names it: it puts a new file in this one's place, so that a reader sees one state or another. */
const STATE = 'tpm2-00.permall'
const STATE_BYTES_MAX = 128 * 1024

/** Only at the first start: from then on the machine's own. */
async function stateEnsure(paths: MachinePaths, user: User, state: string): Promise<void> {
  const path = join(paths.tpmFolder, STATE)
  if (await lstat(path).catch(() => null)) return
  const owner = user ? { owner: user } : {}
  await writeFileDurable(path, Buffer.from(state, 'base64'), { mode: 0o600, ...owner })
}

/** What a machine's TPM begins with. */
export const tpmStateOf = ({ boot }: VmSpec): string | null =>
  boot.mode === 'uefi' ? (boot.tpmState ?? null) : null

/** Base64; null: it has no TPM, or never started. @throws Error for what no TPM of ours wrote. */
export async function tpmStateRead(paths: MachinePaths): Promise<string | null> {
  // Whoever broke out into the machine's process could leave a link to a file of the host here.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(join(paths.tpmFolder, STATE), flags).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  })
  try {
    const seen = await file?.stat()
    if (!file || !seen) return null
    if (!seen.isFile() || seen.size > STATE_BYTES_MAX) {
      throw new Error("the state of the machine's TPM is not what a TPM writes")
    }
    return (await file.readFile()).toString('base64')
  } finally {
    await file?.close()
  }
}

/** Pure. */
export function tpmCommandLine(paths: MachinePaths, user: User): { exe: string; args: string[] } {
  const swtpm = [
    ['swtpm', 'socket', '--tpm2', '--terminate'],
    ['--tpmstate', `dir=${paths.tpmFolder},mode=0600`],
    ['--ctrl', `type=unixio,path=${paths.tpmSocket},mode=0600`],
    ['--pid', `file=${paths.tpmPidFile}`],
    ['--seccomp', 'action=kill'],
  ].flat()
  if (!user) return { exe: swtpm[0]!, args: swtpm.slice(1) }
  // Each execs the next in its own place.
  const rights = ['--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`]
  return {
    exe: 'unshare',
    args: ['--net', '--', 'setpriv', ...identity, ...rights, '--', ...swtpm],
  }
}

/** Ends one that is left, of a QEMU that never took it or was killed: then its state is free for the next. */
export async function tpmEnd(paths: MachinePaths, clock: Clock): Promise<void> {
  const pid = Number(await readFile(paths.tpmPidFile, 'utf8').catch(() => ''))
  if (pid > 1) {
    const beganAt = clock.now()
    while ((await isOurs(pid, paths)) && clock.now() - beganAt < 2 * END_TIMEOUT_MS) {
      signalSend(pid, clock.now() - beganAt < END_TIMEOUT_MS ? 'SIGTERM' : 'SIGKILL')
      await clock.wait(POLL_MS)
    }
  }
  for (const path of [paths.tpmPidFile, paths.tpmSocket]) await rm(path, { force: true })
}

/** Process ids are reused: it is ours when it was started with our socket. */
async function isOurs(pid: number, paths: MachinePaths): Promise<boolean> {
  const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return args.includes(`path=${paths.tpmSocket},`)
}

function signalSend(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
