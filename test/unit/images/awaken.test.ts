/**
 * The program that gives a copy its entropy and time: what its file says of itself, and that it knows wrong arguments.
 * With right ones it would set this host's clock, so what it does then is proved in guests (test/vm).
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { awakenProgram } from '../../../src/images/awaken.ts'

test('a static program for x86-64 of one segment, all of it in the file but its buffer', () => {
  const program = awakenProgram()
  expect(program.length).toBe(347)
  expect(program.subarray(0, 6)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]))
  const [type, machine] = [program.readUInt16LE(16), program.readUInt16LE(18)]
  expect({ type, machine }).toEqual({ type: 2, machine: 62 })
  const entry = Number(program.readBigUInt64LE(24))
  const [headerOffset, headerSize, headers] = [
    Number(program.readBigUInt64LE(32)),
    program.readUInt16LE(54),
    program.readUInt16LE(56),
  ]
  expect([headerOffset, headerSize, headers]).toEqual([64, 56, 1])
  const sectionHeaders = program.readUInt16LE(60)
  expect(sectionHeaders).toBe(0)
  const segment = program.subarray(headerOffset)
  expect(segment.readUInt32LE(0), 'to be loaded').toBe(1)
  const offset = Number(segment.readBigUInt64LE(8))
  const address = Number(segment.readBigUInt64LE(16))
  const fileSize = Number(segment.readBigUInt64LE(32))
  const memorySize = Number(segment.readBigUInt64LE(40))
  expect(offset + fileSize).toBe(program.length)
  expect(memorySize).toBeGreaterThanOrEqual(fileSize + 528)
  expect(entry).toBeGreaterThanOrEqual(address)
  expect(entry).toBeLessThan(address + fileSize)
})

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'without arguments, or with too few or too many, it does nothing and ends with status 2',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brume-awaken-'))
    try {
      const path = join(folder, 'awaken')
      await writeFile(path, awakenProgram(), { mode: 0o700 })
      // Never three: those would be an entropy and a time.
      for (const args of [[], ['00'], ['00', '0'], ['00', '0', '0', '0']]) {
        const { status, signal } = spawnSync(path, args, { timeout: 5_000 })
        expect({ args, status, signal }).toEqual({ args, status: 2, signal: null })
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)
