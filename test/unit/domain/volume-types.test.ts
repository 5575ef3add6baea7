/** What volumes of each type may do, against the figures of EBS's user guide. */
import { expect, test } from 'vitest'
import { volumeLimits } from '../../../src/domain/volume-types.ts'

const of = (type: Parameters<typeof volumeLimits>[0]['type'], sizeGiB: number, iops?: number) =>
  volumeLimits({ type, sizeGiB, iops: iops ?? null, throughputMiBps: null })

test('gp3 does what was provisioned', () => {
  expect(of('gp3', 10)).toMatchObject({ iopsMax: 3_000, throughputMaxMiBps: 125 })
  const asked = { type: 'gp3', sizeGiB: 100, iops: 16_000, throughputMiBps: 1_000 } as const
  expect(volumeLimits(asked)).toMatchObject({ iopsMax: 16_000, throughputMaxMiBps: 1_000 })
})

test.each([
  [1, 100, 3_000, 128],
  [100, 300, 3_000, 128],
  [334, 1_002, 3_000, 250],
  [1_000, 3_000, null, 250],
  [16_384, 16_000, null, 250],
])('gp2 of %i GiB: %i IOPS, bursts to %s, %i MiB/s', (size, iopsMax, burst, throughput) => {
  const limits = of('gp2', size)
  expect(limits).toMatchObject({ iopsMax, throughputMaxMiBps: throughput })
  expect(limits.iopsBurst?.perSecond ?? null).toBe(burst)
})

test('io1 and io2 have a quarter of a MiB/s for each IOPS, up to what their type can', () => {
  expect(of('io1', 100, 2_000)).toMatchObject({ iopsMax: 2_000, throughputMaxMiBps: 500 })
  expect(of('io1', 2_000, 64_000)).toMatchObject({ throughputMaxMiBps: 1_000 })
  expect(of('io2', 1_000, 256_000)).toMatchObject({ throughputMaxMiBps: 4_000 })
})

test.each([
  ['st1', 1_024, 40, 250],
  ['st1', 12_800, 500, null],
  ['sc1', 1_024, 12, 80],
  ['sc1', 16_384, 192, 250],
] as const)('%s of %i GiB: %i MiB/s, bursts to %s', (type, size, baseline, burst) => {
  const limits = of(type, size)
  expect(limits.throughputMaxMiBps).toBe(baseline)
  expect(limits.throughputBurst?.mibPerSecond ?? null).toBe(burst)
})
