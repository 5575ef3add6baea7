/**
 * What a host has, what it has promised to machines and what they have of it; and what to say before it hurts. Pure.
 */
import type { InstanceId } from './ids.ts'
import type { Accelerator, DiskLimits } from './machine.ts'
import type { HostPressure } from './host-pressure.ts'

export interface MachineAllocation {
  instanceId: InstanceId
  instanceType: string
  /** What it really runs on; null: it never ran. */
  accelerator: Accelerator | null
  vcpus: number
  memoryMiB: number
  /** Of the host's memory, what it has touched; null: not measured. */
  memoryResidentMiB: number | null
  cpuSeconds: number | null
  /** How long its limit held it up since it started. */
  throttledSeconds: number | null
  /** Hundredths of a core at which it is held for want of CPU credits; null: what its vCPUs are. */
  cpuHeldPercent: number | null
  /** Megabits a second, each way; null: its type says nothing, or limits are off. */
  network: NetworkAllocation | null
  /** Of all its disks; null as above. */
  ebs: DiskLimits | null
  /** PCI addresses of the GPUs that it has. Absent: none. */
  gpus?: readonly string[]
  /** In the last whole minute; null: not measured yet. */
  used: MachineUse | null
}

export interface NetworkAllocation {
  baselineMbps: number
  peakMbps: number
  /** What is let through now. */
  nowMbps: number
  /** What is left of the burst, 0 to 1; null: it has none. */
  creditsShare: number | null
}

export interface MachineUse {
  /** In cores. */
  cpu: number
  networkInMbps: number
  networkOutMbps: number
  ebsIops: number
  ebsMBps: number
}

export interface HostAllocation {
  hostId: string
  cpus: number
  memoryMiB: number
  /** What may be promised: with overcommitment, without what the host keeps for itself. */
  vcpusOffered: number
  memoryOfferedMiB: number
  vcpusPromised: number
  memoryPromisedMiB: number
  /** Promised and never touched: what the host still has of it. */
  memoryReclaimableMiB: number
  pressure: HostPressure | null
  machines: MachineAllocation[]
  warnings: string[]
}

const CPU_PROMISES_MANY = 4
const OFFERED_SHARE_NEAR = 0.9
/** Above these, machines are slower than they would be alone. */
const PRESSURE_CPU = 30
const PRESSURE_MEMORY = 5
const PRESSURE_IO = 30

export function allocationWarnings(host: Omit<HostAllocation, 'warnings'>): string[] {
  const warnings: string[] = []
  const times = host.vcpusPromised / host.cpus
  if (times > CPU_PROMISES_MANY) {
    warnings.push(
      `each processor is promised ${times.toFixed(1)} times: machines that are busy at once get a ` +
        `${Math.round(times)}th of what their type says`,
    )
  }
  if (host.memoryPromisedMiB > host.memoryMiB) {
    warnings.push(
      `${gib(host.memoryPromisedMiB)} of memory are promised and ${gib(host.memoryMiB)} are there: ` +
        'when machines use what they were promised, the kernel ends one of them',
    )
  } else if (host.memoryPromisedMiB > host.memoryOfferedMiB * OFFERED_SHARE_NEAR) {
    warnings.push(
      `${gib(host.memoryPromisedMiB)} of the ${gib(host.memoryOfferedMiB)} of memory to give are ` +
        'promised: larger machines find no room',
    )
  }
  const { pressure } = host
  const press = (value: number | null | undefined, most: number, words: string): void => {
    if (value !== null && value !== undefined && value > most) {
      warnings.push(`${words} ${Math.round(value)} % of the last minute`)
    }
  }
  press(pressure?.cpu, PRESSURE_CPU, 'something waited for a processor')
  press(pressure?.memory, PRESSURE_MEMORY, 'something waited for memory')
  press(pressure?.io, PRESSURE_IO, 'something waited for a disk')
  return warnings
}

function gib(mib: number): string {
  return `${(mib / 1024).toFixed(1)} GiB`
}

/** The average of a minute from a file of /proc/pressure; null where the kernel has none. */
export function pressureParse(text: string | null): number | null {
  const match = /^some .*\bavg60=(\d+(?:\.\d+)?)/m.exec(text ?? '')
  return match ? Number(match[1]) : null
}
