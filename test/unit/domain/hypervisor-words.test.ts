/** What a machine's page says it runs by is what `doctor` says of the host. */
import { expect, test } from 'vitest'
import { KINDS, machineHypervisor } from '../../../src/domain/hypervisor-words.ts'

const host = { hypervisor: { accelerator: 'kvm', qemuVersion: '10.0.2' } } as const

test('a machine is told in the words of its host, by what it first started with', () => {
  expect(machineHypervisor(host, null)).toBe(`${KINDS.kvm}; QEMU 10.0.2`)
  expect(machineHypervisor(host, { accelerator: 'tcg' })).toBe(`${KINDS.tcg}; QEMU 10.0.2`)
  expect(machineHypervisor({ ...host, isSimulated: true }, null)).toMatch(/^simulated/)
})

test('a host that is not here is said to be so', () => {
  expect(machineHypervisor(undefined, null)).toBe('not known: its host is not here')
  expect(machineHypervisor(undefined, { accelerator: 'kvm' })).toBe(KINDS.kvm)
})
