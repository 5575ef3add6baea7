/** Right sizes from measurements: pure, over the whole catalogue. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instanceTypesParse } from '../../../src/domain/instance-type.ts'
import { percentile, rightsize, type WindowUsage } from '../../../src/domain/recommend/rightsize.ts'

const DATA = new URL('../../../data/instance-types.tsv', import.meta.url)
const types = instanceTypesParse(readFileSync(DATA, 'utf8'))
const typeOf = (name: string) => types.find((type) => type.name === name)!
const idle: WindowUsage = {
  hours: 336,
  cpuPercent: 3,
  memoryPercent: 10,
  ebsIops: 5,
  ebsMBps: 0.1,
  networkGbps: 0.001,
}
const judge = (name: string, ...windows: Partial<WindowUsage>[]) =>
  rightsize(
    typeOf(name),
    windows.map((window) => ({ ...idle, ...window })),
    types,
    { architectures: typeOf(name).architectures },
  )

test('a large machine that does little is over-provisioned, with smaller ones that save money', () => {
  const found = judge('m7i.4xlarge', {})
  expect(found).toMatchObject({ finding: 'Overprovisioned', risk: 'VeryLow' })
  expect(found.reasons).toEqual(['CPUOverprovisioned', 'MemoryOverprovisioned'])
  for (const { type, monthlySavingsUsd } of found.options) {
    expect(type.architecture).toBe('x86_64')
    expect(monthlySavingsUsd).toBeGreaterThan(0)
  }
})

test('the worse of the two windows counts: a busy fortnight forbids shrinking after a quiet day', () => {
  expect(
    judge('m7i.large', { cpuPercent: 2 }, { cpuPercent: 78, memoryPercent: 78 }),
  ).toMatchObject({
    finding: 'Optimized',
    risk: 'Medium',
  })
  expect(judge('m7i.large', { cpuPercent: 95 }, { cpuPercent: 20 })).toMatchObject({
    finding: 'Underprovisioned',
    reasons: ['CPUUnderprovisioned'],
    risk: 'High',
  })
})

test('memory, disk and network are needs of their own; what is not measured is kept', () => {
  expect(judge('m7i.large', { memoryPercent: 92 }).reasons).toEqual(['MemoryUnderprovisioned'])
  expect(judge('m7i.large', { networkGbps: 12 }).reasons).toEqual([
    'NetworkBandwidthUnderprovisioned',
  ])
  expect(judge('m7i.large', { ebsIops: 39_000 }).reasons).toEqual(['EBSIOPSUnderprovisioned'])
  for (const { type } of judge('r7i.4xlarge', { memoryPercent: null }).options) {
    expect(type.memoryMiB).toBeGreaterThanOrEqual(typeOf('r7i.4xlarge').memoryMiB)
  }
})

test('whatever is measured, every option but the current type has what is needed, with room', () => {
  const percent = fc.double({ min: 0, max: 100, noNaN: true })
  fc.assert(
    fc.property(
      fc.constantFrom('t3.micro', 'm5.xlarge', 'c7g.2xlarge', 'r6a.8xlarge', 'g5.xlarge'),
      percent,
      percent,
      (name, cpuPercent, memoryPercent) => {
        const found = judge(name, { cpuPercent, memoryPercent })
        for (const option of found.options) {
          if (option.type.name === name) continue
          expect(option.cpuPercent).toBeLessThanOrEqual(80.001)
          expect(option.memoryPercent).toBeLessThanOrEqual(80.001)
          expect(option.type.architecture).toBe(typeOf(name).architecture)
        }
        const isOver = cpuPercent > 80 || memoryPercent > 80
        expect(found.finding === 'Underprovisioned').toBe(isOver)
      },
    ),
    { numRuns: 60 },
  )
}, 30_000)

test('a percentile is a value that was there', () => {
  expect(percentile([], 0.5)).toBe(0)
  expect(percentile([3, 1, 2], 1)).toBe(3)
  expect(
    percentile(
      Array.from({ length: 1000 }, (_, i) => i),
      0.995,
    ),
  ).toBe(994)
})
