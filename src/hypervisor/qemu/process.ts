/**
 * Which process is a machine's QEMU, and how to end it without ever touching another. Process ids are reused, so a
 * process is known by its id, its start time, and a command line that names the machine's pid file.
 */
import { readdir, readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import type { Clock } from '../../lib/time.ts'

/** How often a dying process is looked at: it has no event of its own once it is not our child. */
const EXIT_POLL_MS = 10

export interface ProcessIdentity {
  pid: number
  /** Clock ticks after the host's boot (field 22 of /proc/PID/stat). */
  startTicks: number
}

/** Changes with every boot of the host. */
export async function hostBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}

/** The process, if it lives (a zombie does not) and runs with `-pidfile PIDFILE`. */
export async function processIdentify(
  pid: number,
  pidFile: string,
): Promise<ProcessIdentity | null> {
  try {
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    const at = args.indexOf('-pidfile')
    if (at < 0 || args[at + 1] !== pidFile) return null
    const startTicks = startTicksOf(await readFile(`/proc/${pid}/stat`, 'utf8'))
    return startTicks === null ? null : { pid, startTicks }
  } catch {
    return null // ENOENT or ESRCH: it is gone.
  }
}

/** Every living process that has a pid file in `instancesFolder`, by that path. One pass over /proc. */
export async function processScan(instancesFolder: string): Promise<Map<string, ProcessIdentity>> {
  const found = new Map<string, ProcessIdentity>()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      const args = text.split('\0')
      const at = args.indexOf('-pidfile')
      const pidFile = at < 0 ? undefined : args[at + 1]
      if (!pidFile?.startsWith(`${instancesFolder}/`)) return
      const identity = await processIdentify(pid, pidFile)
      if (identity) found.set(pidFile, identity)
    }),
  )
  return found
}

/**
 * The very process, not a zombie. Its id and start time say so; the command line guards against numbers recorded
 * before a reboot, and is empty for the moment in which nsenter becomes QEMU.
 */
export async function processIsAlive(identity: ProcessIdentity, pidFile: string): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${identity.pid}/stat`, 'utf8')
    if (startTicksOf(stat) !== identity.startTicks) return false
    const text = await readFile(`/proc/${identity.pid}/cmdline`, 'utf8')
    return text === '' || text.split('\0').includes(pidFile)
  } catch {
    return false // ENOENT or ESRCH: it is gone.
  }
}

/** Resolves true once the process is gone, false when it still lives after `timeoutMs`. */
export async function processWaitExit(
  identity: ProcessIdentity,
  pidFile: string,
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = clock.now() + timeoutMs
  while (await processIsAlive(identity, pidFile)) {
    if (clock.now() >= deadline) return false
    await clock.wait(EXIT_POLL_MS)
  }
  return true
}

/** SIGKILL, only to the very process. */
export async function processKill(identity: ProcessIdentity, pidFile: string): Promise<void> {
  if (!(await processIsAlive(identity, pidFile))) return
  try {
    process.kill(identity.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** All its threads. Where we may not raise a priority again, none is lowered: it stays as it is. */
export async function processPrioritise(pid: number, niceness: number): Promise<void> {
  if (process.getuid?.() !== 0) return
  const threads = await readdir(`/proc/${pid}/task`)
  for (const thread of threads) {
    try {
      setPriority(Number(thread), niceness)
    } catch (error) {
      // A thread that is gone, or a container that takes the right from root.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ERR_SYSTEM_ERROR') throw error
    }
  }
}

/** The name field may hold spaces and brackets, so fields are counted after the last one. Null for a zombie. */
export function startTicksOf(stat: string): number | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  if (state === 'Z' || state === 'X') return null
  const ticks = Number(fields[19])
  return Number.isFinite(ticks) ? ticks : null
}
