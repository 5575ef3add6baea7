/** What the kernel says of a process: processor time, memory, memory it shares. */
import { readdir, readFile } from 'node:fs/promises'

const TICKS_A_SECOND = 100

/** Processor time so far, user and system, of all its threads. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND
}

export async function rssMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

export interface MemoryShares {
  /** Its own pages and its part of those it shares: what it really costs. */
  pssMiB: number
  /** Pages nobody else has. */
  privateMiB: number
  /** Pages of which others have the same. */
  sharedMiB: number
}

export async function memorySharesOf(pid: number): Promise<MemoryShares> {
  return parseSmapsRollup(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))
}

/** proc_pid_smaps(5): sizes in kB. */
export function parseSmapsRollup(text: string): MemoryShares {
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return {
    pssMiB: kib('Pss') / 1024,
    privateMiB: (kib('Private_Clean') + kib('Private_Dirty')) / 1024,
    sharedMiB: (kib('Shared_Clean') + kib('Shared_Dirty')) / 1024,
  }
}

/** QEMU's processes of these instances, by instance id. */
export async function qemuProcessesOf(
  instanceIds: readonly string[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (!/qemu-system/.test(text.split('\0')[0] ?? '')) continue
    const id = instanceIds.find((instanceId) => text.includes(instanceId))
    if (id !== undefined) found.set(id, Number(name))
  }
  return found
}
