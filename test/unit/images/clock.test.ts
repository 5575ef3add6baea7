/** The program that keeps the smallest image's clock is the one whose source lies beside it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CLOCK_SOURCE_SHA256, clockProgram } from '../../../src/images/clock.ts'

test('it was compiled from the source that is here', async () => {
  const source = await readFile(join(import.meta.dirname, '../../../src/images/tiny/clock.c'))
  expect(createHash('sha256').update(source).digest('hex')).toBe(CLOCK_SOURCE_SHA256)
})

test('it is a static program at one address, of one segment, all of it in the file', () => {
  const program = clockProgram()
  expect(program.subarray(0, 6)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]))
  const [type, machine] = [program.readUInt16LE(16), program.readUInt16LE(18)]
  expect({ type, machine }).toEqual({ type: 2, machine: 62 })
  const segments = Array.from({ length: program.readUInt16LE(56) }, (_, at) =>
    program.subarray(64 + 56 * at),
  ).filter((segment) => segment.readUInt32LE(0) === 1)
  expect(segments).toHaveLength(1)
  const [segment] = segments as [Buffer]
  expect(segment.readUInt32LE(4), 'read and executed, never written').toBe(5)
  const [offset, sizeInFile, size] = [8, 32, 40].map((at) => Number(segment.readBigUInt64LE(at)))
  expect([offset! + sizeInFile!, size]).toEqual([program.length, sizeInFile])
})
