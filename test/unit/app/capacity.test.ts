/** Why a type never runs here: what a host with GPUs says of accelerated ones. */
import { expect, test } from 'vitest'
import { placeOrFault, whyNever } from '../../../src/app/capacity.ts'
import { createInstanceTypeCatalogue } from '../../../src/app/instance-types.ts'
import type { Gpu } from '../../../src/domain/gpu.ts'

const types = createInstanceTypeCatalogue()
const host = {
  hostId: 'h',
  zone: 'a',
  architecture: 'x86_64' as const,
  vcpusTotal: 16,
  memoryTotalMiB: 65_536,
  vcpusUsed: 0,
  memoryUsedMiB: 0,
}
const gpu: Gpu = {
  address: '0000:01:00.0',
  vendor: 'NVIDIA',
  device: '2684',
  functions: ['0000:01:00.0'],
  iommuGroup: null,
  obstacles: ['it is in no IOMMU group'],
}
const why = (name: string, gpus: readonly Gpu[]): string | null =>
  whyNever(types.get(name)!, [{ ...host, gpus }])

test('accelerated types: none here, an obstacle of each device, too few, or nothing in the way', () => {
  expect(why('g4dn.xlarge', [])).toBe('it has gpu accelerators; none is here')
  expect(why('g4dn.xlarge', [gpu])).toContain('0000:01:00.0: it is in no IOMMU group')
  const free = { ...gpu, obstacles: [] }
  expect(why('g4dn.xlarge', [free])).toBeNull()
  expect(why('g4ad.xlarge', [free])).toContain('1 by AMD needed')
  expect(why('g6f.large', [free])).toContain('a share of one needed')
  expect(why('inf2.xlarge', [free])).toBe('it has neuron accelerators; none is here')
  expect(why('t3.micro', [gpu])).toBeNull()
})

test('a card is promised once: the next machine hears that another has it', () => {
  const hosts = [{ ...host, gpus: [{ ...gpu, obstacles: [] }] }]
  const ask = {
    ...types.get('g4dn.xlarge')!,
    gpus: { vendor: 'NVIDIA', count: 1 },
    zone: 'a',
    instanceType: 'g4dn.xlarge',
  }
  expect(placeOrFault(ask, hosts)).toBe('h')
  expect(() => placeOrFault(ask, hosts)).toThrow('other machines have them')
  expect(() => placeOrFault({ ...ask, gpus: null }, hosts)).not.toThrow()
})
