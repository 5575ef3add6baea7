/**
 * What living machines use, as the host sees it: processor time and memory of the QEMU process from /proc, disks from
 * QMP, interfaces from the counters of their TAPs (the process lives in their network namespace), the time that its CPU
 * limit held it up from its control group. A machine that ends meanwhile is left out.
 */
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstanceId, NetworkInterfaceId } from '../../domain/ids.ts'
import type { VmSpec } from '../../domain/machine.ts'
import type { DiskUsage, MachineUsage, NicUsage } from '../../domain/metrics/usage.ts'
import { tapNameOf } from '../../domain/network-plan.ts'
import { readJson } from '../../lib/fs-durable.ts'
import { cgroupCpuSet, limitsOfMachine, type CgroupAbilities } from './cgroup.ts'
import type { DriverContext, Machine } from './context.ts'
import { attachedDevices } from './hotplug.ts'

/** The kernel's own constant for user space on all that we run on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096
/** A guest that hangs does not make QMP hang; a QEMU that does must not hold up the others. */
const QMP_TIMEOUT_MS = 2_000
/** Machines asked at once. */
const CONCURRENCY = 32

type Links = ReadonlyMap<string, readonly number[]>

export async function machinesUsage(context: DriverContext): Promise<MachineUsage[]> {
  const links = new Map<string, Promise<Links>>()
  const found: MachineUsage[] = []
  const waiting = [...context.machines.values()].filter(({ record }) => record.phase === 'running')
  const work = async (): Promise<void> => {
    for (let machine = waiting.pop(); machine; machine = waiting.pop()) {
      const usage = await usageOf(context, machine, links).catch((error: unknown) => {
        const { instanceId } = machine!
        context.log.debug({ instanceId, error: String(error) }, 'not measured')
        return null
      })
      if (usage) found.push(usage)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return found
}

async function usageOf(
  context: DriverContext,
  machine: Machine,
  links: Map<string, Promise<Links>>,
): Promise<MachineUsage | null> {
  const { pid } = machine.identity
  const { qmp } = machine
  if (!qmp || machine.record.startedAt === null) return null
  const namespace = await readlink(`/proc/${pid}/ns/net`)
  if (!links.has(namespace)) links.set(namespace, linksOf(pid))
  const [stat, statm, disks, devices, counters, throttledSeconds] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/statm`, 'utf8'),
    qmp.execute<BlockStats[]>('query-blockstats', undefined, { timeoutMs: QMP_TIMEOUT_MS }),
    attachedDevices(qmp),
    links.get(namespace)!,
    throttledOf(context.cgroups, machine.instanceId),
  ])
  return {
    instanceId: machine.instanceId,
    at: context.clock.now(),
    startedAt: machine.record.startedAt,
    cpuSeconds: cpuSecondsOf(stat),
    memoryBytes: Number(statm.split(' ')[1]) * PAGE_BYTES,
    disks: disksOf(disks),
    nics: devices.interfaceIds.flatMap((id) => nicOf(id, counters)),
    throttledSeconds,
  }
}

/** See `VmDriver.cpuCap`. A machine that does not live has nothing to hold. */
export async function machineCpuCap(
  context: DriverContext,
  instanceId: InstanceId,
  percent: number | null,
): Promise<void> {
  const machine = context.machines.get(instanceId)
  if (!machine) return
  const spec = await readJson<VmSpec>(machine.paths.spec)
  if (!spec) return
  const { cpuPercent } = limitsOfMachine(spec)
  await cgroupCpuSet(context.cgroups, instanceId, Math.min(cpuPercent, percent ?? cpuPercent))
}

/** Fields 14 and 15; the second field is the program's name and may hold spaces. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

interface BlockStats {
  qdev?: string
  stats: Record<string, number>
}

export function disksOf(all: readonly BlockStats[]): DiskUsage[] {
  return all.flatMap(({ qdev, stats }) => {
    const volumeId = /\/disk-(vol-[0-9a-f]+)(?:\/|$)/.exec(qdev ?? '')?.[1]
    if (volumeId === undefined) return []
    return [
      {
        volumeId,
        readOps: stats['rd_operations'] ?? 0,
        writeOps: stats['wr_operations'] ?? 0,
        readBytes: stats['rd_bytes'] ?? 0,
        writeBytes: stats['wr_bytes'] ?? 0,
        readSeconds: (stats['rd_total_time_ns'] ?? 0) / 1e9,
        writeSeconds: (stats['wr_total_time_ns'] ?? 0) / 1e9,
      },
    ]
  })
}

async function linksOf(pid: number): Promise<Links> {
  return linksParse(await readFile(`/proc/${pid}/net/dev`, 'utf8'))
}

/** Received bytes and packets, then sent ones, of each link. */
export function linksParse(text: string): Links {
  const links = new Map<string, number[]>()
  for (const line of text.split('\n').slice(2)) {
    const [name, rest] = line.split(':')
    if (rest === undefined) continue
    const fields = rest.trim().split(/\s+/).map(Number)
    links.set(name!.trim(), [fields[0]!, fields[1]!, fields[8]!, fields[9]!])
  }
  return links
}

/** What the host's end of a TAP receives, the guest has sent. */
function nicOf(interfaceId: string, links: Links): NicUsage[] {
  const counters = links.get(tapNameOf(interfaceId as NetworkInterfaceId))
  if (!counters) return []
  const [bytesOut = 0, packetsOut = 0, bytesIn = 0, packetsIn = 0] = counters
  return [{ interfaceId, bytesIn, bytesOut, packetsIn, packetsOut }]
}

async function throttledOf(cgroups: CgroupAbilities, name: string): Promise<number | null> {
  const folder =
    cgroups.version === 2
      ? join(cgroups.root, name)
      : cgroups.version === 1 && cgroups.cpuRoot
        ? join(cgroups.cpuRoot, name)
        : null
  if (folder === null) return null
  const text = await readFile(join(folder, 'cpu.stat'), 'utf8').catch(() => '')
  const micro = /^throttled_usec (\d+)$/m.exec(text)
  if (micro) return Number(micro[1]) / 1e6
  const nano = /^throttled_time (\d+)$/m.exec(text)
  return nano ? Number(nano[1]) / 1e9 : null
}
