/**
 * What a living machine has used so far: processor time and memory by the kernel's account of its process, disks by
 * QEMU's own, network by the counters of its TAPs, which lie in the namespace that QEMU runs in.
 */
import { readFile } from 'node:fs/promises'
import type { MachineStats, VmSpec } from '../../domain/machine.ts'
import { readJson } from '../../lib/fs-durable.ts'
import type { QmpClient } from '../qmp/client.ts'
import type { Machine } from './context.ts'

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICK_MS = 10
const PAGE_BYTES = 4096

interface BlockStats {
  qdev?: string
  stats: { rd_bytes: number; wr_bytes: number; rd_operations: number; wr_operations: number }
}

export async function machineStats(machine: Machine, qmp: QmpClient): Promise<MachineStats | null> {
  const folder = `/proc/${machine.identity.pid}`
  try {
    const [stat, statm, network, spec, blocks] = await Promise.all([
      readFile(`${folder}/stat`, 'utf8'),
      readFile(`${folder}/statm`, 'utf8'),
      readFile(`${folder}/net/dev`, 'utf8'),
      readJson<VmSpec>(machine.paths.spec),
      qmp.execute<BlockStats[]>('query-blockstats'),
    ])
    return {
      at: Date.now(),
      cpuMs: cpuMsOf(stat),
      rssBytes: Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES,
      disks: disksOf(blocks),
      network: networkOf(network, new Set(spec?.nics.map((nic) => nic.tapName))),
    }
  } catch {
    // It ended while it was looked at.
    return null
  }
}

/** utime and stime, the 14th and 15th; the name in brackets before them may hold anything. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS
}

export function disksOf(blocks: readonly BlockStats[]): MachineStats['disks'] {
  return blocks.flatMap(({ qdev, stats }) => {
    const volumeId = /disk-(vol-[0-9a-f]+)/.exec(qdev ?? '')?.[1]
    if (volumeId === undefined) return []
    return [
      {
        volumeId,
        readBytes: stats.rd_bytes,
        writeBytes: stats.wr_bytes,
        reads: stats.rd_operations,
        writes: stats.wr_operations,
      },
    ]
  })
}

/** What a TAP sends the guest receives, and the other way round. */
export function networkOf(text: string, tapNames: ReadonlySet<string>): MachineStats['network'] {
  const network = { receivedBytes: 0, sentBytes: 0 }
  for (const line of text.split('\n')) {
    const [name, counters] = line.split(':')
    if (counters === undefined || !tapNames.has(name!.trim())) continue
    const fields = counters.trim().split(/\s+/).map(Number)
    network.sentBytes += fields[0] ?? 0
    network.receivedBytes += fields[8] ?? 0
  }
  return network
}
