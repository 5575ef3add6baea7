/** The bare QEMU that launches are compared with: the same kernel, machine, CPU and accelerator, and good flags. */
import { expect, test } from 'vitest'
import { bareCommandLine } from '../../../bench/support/bare-machine.ts'
import type { HypervisorReport } from '../../../src/domain/machine.ts'

const HYPERVISOR: HypervisorReport = {
  qemuVersion: '7.2.0',
  architecture: 'x86_64',
  accelerator: 'tcg',
  hypervisorType: 2,
  explanation: '',
  machineType: 'pc-q35-7.2',
  cpuModel: 'max',
  hasUefi: false,
  hasIoUring: true,
  hasVhostNet: false,
}
const TAP = { name: 'bare0', mac: '02:99:00:00:00:00', address: '10.99.0.2' }
const OPTIONS = { imageFolder: '/i', hypervisor: HYPERVISOR, vcpus: 2, memoryMiB: 512, tap: TAP }

test('boots the image’s own kernel with its own words', () => {
  const boot = { kernel: 'kernel', initrd: 'initrd', append: 'root=/dev/vda rw' }
  const words = bareCommandLine(OPTIONS, { folder: '/f', boot }).join(' ')
  expect(words).toContain('-kernel /i/kernel -append root=/dev/vda rw mitigations=off -initrd')
  expect(words).toContain('-machine pc-q35-7.2,')
  expect(words).toContain('-accel tcg,thread=multi -cpu max -smp 2 -m 512M')
  expect(words).not.toContain('data.qcow2')
})

test('uses what the host has: io_uring, vhost, KVM', () => {
  const hypervisor = { ...HYPERVISOR, accelerator: 'kvm' as const, hasVhostNet: true }
  const options = { ...OPTIONS, hypervisor, dataDisk: '/volumes/vol-1/disk.qcow2' }
  const words = bareCommandLine(options, { folder: '/f' }).join(' ')
  expect(words).toContain('-accel kvm ')
  expect(words).toContain('vhost=on')
  expect(words).toContain('file.filename=/f/data.qcow2,file.aio=io_uring,cache.direct=on')
  expect(words).not.toContain('-kernel')
})
