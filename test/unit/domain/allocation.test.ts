/** What is said of a host before it hurts. Pure. */
import { expect, test } from 'vitest'
import { allocationWarnings, pressureParse } from '../../../src/domain/allocation.ts'

const host = {
  hostId: 'h',
  cpus: 2,
  memoryMiB: 8192,
  vcpusOffered: 16,
  memoryOfferedMiB: 7680,
  vcpusPromised: 4,
  memoryPromisedMiB: 2048,
  memoryReclaimableMiB: 0,
  pressure: { cpu: 1, memory: 0, io: 0 },
  machines: [],
}
const warnings = (change: Partial<typeof host>) => allocationWarnings({ ...host, ...change })

test('a host with room says nothing', () => {
  expect(warnings({})).toEqual([])
  expect(warnings({ pressure: { cpu: null, memory: null, io: null } as never })).toEqual([])
})

test('processors, memory and pressure, each in words', () => {
  expect(warnings({ vcpusPromised: 12 })[0]).toContain('promised 6.0 times')
  expect(warnings({ memoryPromisedMiB: 7400 })[0]).toContain('larger machines find no room')
  expect(warnings({ memoryPromisedMiB: 9000, memoryOfferedMiB: 16_000 })[0]).toContain('ends one')
  expect(warnings({ pressure: { cpu: 62, memory: 9, io: 44 } })).toHaveLength(3)
})

test("the kernel's words", () => {
  const text =
    'some avg10=1.20 avg60=34.50 avg300=2.00 total=1\nfull avg10=0 avg60=0 avg300=0 total=0\n'
  expect(pressureParse(text)).toBe(34.5)
  expect(pressureParse(null)).toBeNull()
  expect(pressureParse('')).toBeNull()
})
