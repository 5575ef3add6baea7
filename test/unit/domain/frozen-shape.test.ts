/** Which sizes of machine a frozen one can become, and what its guest has to wait for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pluggedOf, shapeFit } from '../../../src/domain/frozen-shape.ts'
import type { FrozenShape } from '../../../src/domain/machine.ts'

const SMALL: FrozenShape = {
  vcpus: 1,
  memoryMiB: 512,
  coresPerSocket: 1,
  threadsPerCore: 1,
  vcpusMax: 16,
  memoryMaxMiB: 65_536,
}
/** Made for one size alone. */
const WHOLE: FrozenShape = {
  vcpus: 2,
  memoryMiB: 1024,
  coresPerSocket: 1,
  threadsPerCore: 2,
  vcpusMax: 2,
  memoryMaxMiB: 1024,
}

const want = (vcpus: number, memoryMiB: number, coresPerSocket = 1, threadsPerCore = 2) => ({
  vcpus,
  memoryMiB,
  coresPerSocket,
  threadsPerCore,
})

test.each([
  ['the same size', SMALL, want(1, 512, 1, 1), 'exact'],
  ['one processor, however its type numbers threads', SMALL, want(1, 512), 'exact'],
  ['more of both', SMALL, want(2, 1024), 'pluggable'],
  ['more memory alone', SMALL, want(1, 640), 'pluggable'],
  ['more processors alone', SMALL, want(2, 512), 'pluggable'],
  ['all that can be plugged', SMALL, want(16, 65_536), 'pluggable'],
  ['one processor too many', SMALL, want(17, 1024), 'none'],
  ['too much memory', SMALL, want(2, 65_536 + 128), 'none'],
  ['less memory', SMALL, want(1, 384), 'none'],
  ['memory that is no whole number of blocks more', SMALL, want(1, 512 + 64), 'none'],
  ['the same size of one that is whole', WHOLE, want(2, 1024), 'exact'],
  ['the same number of processors, wired otherwise', WHOLE, want(2, 1024, 2, 1), 'none'],
  ['fewer processors', WHOLE, want(1, 1024), 'none'],
  ['more than one that is whole has', WHOLE, want(2, 2048), 'none'],
] as const)('%s', (_, shape, size, fit) => {
  expect(shapeFit(shape, size)).toBe(fit)
})

const sizes = fc.record({
  vcpus: fc.integer({ min: 1, max: 32 }),
  memoryMiB: fc.oneof(
    fc.integer({ min: 64, max: 70_000 }),
    fc.integer({ min: 1, max: 512 }).map((blocks) => blocks * 128),
  ),
  coresPerSocket: fc.constantFrom(1, 2, 4),
  threadsPerCore: fc.constantFrom(1, 2),
})
const shapes: fc.Arbitrary<FrozenShape> = fc
  .tuple(sizes, fc.nat(31), fc.nat(65_536))
  .map(([size, vcpus, memoryMiB]) => ({
    ...size,
    vcpusMax: size.vcpus + vcpus,
    memoryMaxMiB: size.memoryMiB + memoryMiB,
  }))

test('what is not there cannot be taken away, and only whole blocks within the limits are added', () => {
  let pluggable = 0
  fc.assert(
    fc.property(shapes, sizes, (shape, size) => {
      const fit = shapeFit(shape, size)
      const isSmaller = size.memoryMiB < shape.memoryMiB || size.vcpus < shape.vcpus
      const isBeyond = size.memoryMiB > shape.memoryMaxMiB || size.vcpus > shape.vcpusMax
      if (isSmaller || isBeyond) expect(fit).toBe('none')
      if (fit === 'exact') {
        expect([size.vcpus, size.memoryMiB]).toEqual([shape.vcpus, shape.memoryMiB])
        expect(pluggedOf(shape, size)).toEqual({ cpus: [], memoryBlocks: null })
      }
      if (fit !== 'pluggable') return
      pluggable++
      expect((size.memoryMiB - shape.memoryMiB) % 128).toBe(0)
      const { cpus, memoryBlocks } = pluggedOf(shape, size)
      // Those after the frozen machine's own, each once.
      expect([shape.vcpus + cpus.length, cpus[0] ?? shape.vcpus]).toEqual([size.vcpus, shape.vcpus])
      expect(new Set(cpus).size).toBe(cpus.length)
      const extra = (size.memoryMiB - shape.memoryMiB) / 128
      if (extra === 0) expect(memoryBlocks).toBeNull()
      else expect(memoryBlocks).toBe(Math.ceil(shape.memoryMiB / 128) + extra)
    }),
    { numRuns: 2_000 },
  )
  expect(pluggable, 'sizes that can be plugged were among those tried').toBeGreaterThan(10)
})
