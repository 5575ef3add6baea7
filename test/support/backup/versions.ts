/** A disk with a history that both ends of a drill can compute: version n is what the writes 1 to n made of it. */
import { createHash } from 'node:crypto'
import type { Range } from '../../../src/backup/vault.ts'
import { CHUNK, contentOf } from './kit.ts'

export const VERSION_BYTES = 40 * CHUNK

export function writeOf(version: number): Range & { content: Buffer } {
  if (version === 1) {
    return { start: 0, length: VERSION_BYTES, content: contentOf('first', VERSION_BYTES) }
  }
  const random = createHash('sha256').update(`write ${version}`).digest()
  const length = 1 + (random.readUInt32LE(0) % (3 * CHUNK))
  const start = random.readUInt32LE(4) % (VERSION_BYTES - length)
  // Now and then zeros, and now and then what was there before.
  const seed = random[8]! < 40 ? 'again' : version
  const content = random[8]! > 220 ? Buffer.alloc(length) : contentOf(seed, length)
  return { start, length, content }
}

export function versionContent(version: number): Buffer {
  const bytes = Buffer.alloc(VERSION_BYTES)
  for (let at = 1; at <= version; at++) {
    const { start, content } = writeOf(at)
    bytes.set(content, start)
  }
  return bytes
}

/** What may differ between two versions. */
export function changesBetween(from: number, to: number): Range[] {
  const writes: Range[] = []
  for (let at = from + 1; at <= to; at++) {
    const { start, length } = writeOf(at)
    writes.push({ start, length })
  }
  return writes
}
