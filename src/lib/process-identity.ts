/**
 * Which process was started, told apart from a later one with the same number: by its id and its start time. For
 * servers that outlive this program and are found again by a record of theirs.
 */
import { readFile } from 'node:fs/promises'

export interface ProcessIdentity {
  pid: number
  /** Clock ticks after the host's boot, as /proc has them; empty: it was gone before it could be asked. */
  startTicks: string
}

export async function isSameProcess({ pid, startTicks }: ProcessIdentity): Promise<boolean> {
  return startTicks !== '' && (await startTicksOf(pid)) === startTicks
}

/** Field 22 of /proc/PID/stat; null when there is no such process or it is a zombie. */
export async function startTicksOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19]!
}
