/** A machine without a guest: firmware and disks, for what only QEMU itself must prove. */
import type { InstanceId } from '../../src/domain/ids.ts'
import type { DiskAttachment, HypervisorReport, VmSpec } from '../../src/domain/machine.ts'

export const MACHINE_REPORT: HypervisorReport = {
  qemuVersion: '7.2',
  architecture: 'x86_64',
  accelerator: 'tcg',
  hypervisorType: 2,
  explanation: '',
  machineType: 'q35',
  cpuModel: 'max',
  hasUefi: false,
  hasIoUring: false,
  hasVhostNet: false,
}

export function machineSpec(instanceId: InstanceId, disks: readonly DiskAttachment[]): VmSpec {
  return {
    instanceId,
    uuid: 'ec2a1111-2222-4333-8444-555566667777',
    instanceType: 't3.micro',
    architecture: 'x86_64',
    vcpus: 1,
    coresPerSocket: 1,
    threadsPerCore: 1,
    memoryMiB: 64,
    boot: { mode: 'bios' },
    disks,
    nics: [],
    namespace: null,
    cpuQuotaPercent: null,
    pinned: null,
  }
}
