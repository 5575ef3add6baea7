/** What the kernel says of memory: the host's, and a process's. */
import { readFile } from 'node:fs/promises'

/** What could be given to programs without swapping; 0 when the kernel does not say. */
export async function memoryFreeMiB(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '')
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024
}

/** Its own pages, and its part of those that it shares; 0 for a process that is gone. */
export async function memoryBytesOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}
