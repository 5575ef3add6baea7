/** What a simulated host says of itself (simulated-agent.ts): roomy, and open about being none. */
import type { HostId } from '../domain/ids.ts'
import type { Gpu } from '../domain/gpu.ts'
import type { HostDescription } from '../domain/machine.ts'

/** A processor's worth of room is cheap when nothing runs. */
const CPUS_DEFAULT = 64
const MEMORY_MIB_DEFAULT = 256 * 1024

export function simulatedHost(options: {
  hostId: string
  cpuCount?: number
  memoryMiB?: number
  gpus?: readonly Gpu[]
}): HostDescription {
  return {
    hostId: options.hostId as HostId,
    hostName: options.hostId,
    zone: 'a',
    hypervisor: {
      qemuVersion: 'none',
      architecture: 'x86_64',
      accelerator: 'tcg',
      hypervisorType: 2,
      explanation: 'This host is simulated: machines are entries in a table and nothing boots.',
      machineType: 'simulated',
      cpuModel: 'simulated',
      hasUefi: true,
      hasTpm: true,
      hasIoUring: false,
      hasVhostNet: false,
    },
    cpuCount: options.cpuCount ?? CPUS_DEFAULT,
    memoryMiB: options.memoryMiB ?? MEMORY_MIB_DEFAULT,
    diskFreeBytes: 1e12,
    limitations: ['simulated: nothing boots'],
    ...(options.gpus && { gpus: options.gpus }),
    isSimulated: true,
  }
}
