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

export interface MemoryParts {
  /** Of the guest's memory. */
  guestMiB: number
  /** Guest code translated to the host's, in emulation: executable pages that come from no file. */
  translatedMiB: number
  /** QEMU itself: its code, libraries, heap, stacks. */
  qemuMiB: number
}

/** What a QEMU's Pss is made of; the guest's memory is the mapping of just its size, or the template's file. */
export async function memoryPartsOf(pid: number, guestMemoryMiB: number): Promise<MemoryParts> {
  return parseSmaps(await readFile(`/proc/${pid}/smaps`, 'utf8'), guestMemoryMiB)
}

/** `RANGE PERMISSIONS OFFSET DEVICE INODE PATH`, then lines of sizes in kB. */
export function parseSmaps(text: string, guestMemoryMiB: number): MemoryParts {
  const parts: MemoryParts = { guestMiB: 0, translatedMiB: 0, qemuMiB: 0 }
  for (const block of text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^[0-9a-f]+-[0-9a-f]+ (\S{4}) \S+ \S+ (\d+) *(.*)/.exec(block)
    if (!head) continue
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(block)?.[1] ?? 0)
    const isGuest = kib('Size') === guestMemoryMiB * 1024 || head[3]!.endsWith('/memory')
    const isTranslated = head[1]!.includes('x') && head[2] === '0'
    const part = isGuest ? 'guestMiB' : isTranslated ? 'translatedMiB' : 'qemuMiB'
    parts[part] += kib('Pss') / 1024
  }
  return parts
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
