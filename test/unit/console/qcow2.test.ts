/**
 * qcow2 files as the disks that they hold, and those that are refused. With QEMU's own files: test/host/console-qcow2.
 */
import { randomBytes } from 'node:crypto'
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { inflated } from '../../../console/src/util/inflate.ts'
import { qcow2Open } from '../../../console/src/util/qcow2.ts'
import { CLUSTER_BYTES, qcow2Of } from '../../support/qcow2.ts'

const of = (file: Buffer) => async (offset: number, length: number) =>
  new Uint8Array(file.subarray(offset, offset + length))

const noise = randomBytes(CLUSTER_BYTES)
const words = Buffer.alloc(CLUSTER_BYTES, 'what a disk holds mostly repeats itself; ')
const SIZE = 5 * CLUSTER_BYTES - 1000
const FILE = qcow2Of(
  [
    { data: noise },
    { data: words, isDeflated: true },
    undefined,
    'zero',
    { data: noise, isDeflated: true },
  ],
  SIZE,
)

test('a disk is what its tables name, as it is and deflated, and zeros elsewhere', async () => {
  const disk = await qcow2Open(of(FILE))
  expect(disk.size).toBe(SIZE)
  const raw = Buffer.concat([noise, words, Buffer.alloc(2 * CLUSTER_BYTES), noise]).subarray(
    0,
    SIZE,
  )
  expect(Buffer.from((await disk.read(0, 10 * CLUSTER_BYTES))!).equals(raw)).toBe(true)
  const across = await disk.read(CLUSTER_BYTES - 10, 20)
  expect(Buffer.from(across!)).toEqual(raw.subarray(CLUSTER_BYTES - 10, CLUSTER_BYTES + 10))
  expect(await disk.read(2 * CLUSTER_BYTES, 2 * CLUSTER_BYTES)).toBeNull()
})

describe('what cannot be read is refused in words', () => {
  const changed = (write: (file: Buffer) => void): Promise<unknown> => {
    const file = Buffer.from(FILE)
    write(file)
    return qcow2Open(of(file)).then((disk) => disk.read(0, SIZE))
  }
  it.each<[string, (file: Buffer) => void, string]>([
    ['another version', (file) => file.writeUInt32BE(1, 4), 'no qcow2 of version'],
    ['a backing file', (file) => file.writeBigUInt64BE(112n, 8), 'a change upon another disk'],
    ['a cipher', (file) => file.writeUInt32BE(2, 32), 'it is encrypted'],
    ['data elsewhere', (file) => file.writeBigUInt64BE(4n, 72), 'features that cannot be read'],
    ['a table too small', (file) => file.writeBigUInt64BE(2n ** 40n, 24), 'it is damaged'],
    ['a table too large', (file) => file.writeUInt32BE(2 ** 31, 36), 'it is damaged'],
    ['odd clusters', (file) => file.writeUInt32BE(60, 20), 'it is damaged'],
    ['a table behind its end', (file) => file.writeBigUInt64BE(2n ** 50n, 40), 'it is damaged'],
    [
      'a cluster behind its end',
      (file) => file.writeBigUInt64BE(2n ** 40n, 2 * CLUSTER_BYTES),
      'it is damaged',
    ],
    [
      'a deflated one cut off',
      (file) => file.writeBigUInt64BE((1n << 62n) | BigInt(FILE.length - 20), 2 * CLUSTER_BYTES),
      'the compressed data',
    ],
  ])('%s', async (_what, write, said) => {
    await expect(changed(write)).rejects.toThrow(said)
  })

  it('an empty file', async () => {
    await expect(qcow2Open(of(Buffer.alloc(0)))).rejects.toThrow('shorter than a header')
  })
})

describe('DEFLATE', () => {
  const { Z_FIXED, Z_HUFFMAN_ONLY } = constants
  it.each<[string, Buffer, object]>([
    ['stored', noise, { level: 0 }],
    ['with codes of its own', words, { level: 9 }],
    ['with fixed codes', words, { strategy: Z_FIXED }],
    ['without matches', words, { strategy: Z_HUFFMAN_ONLY }],
    ['of nothing but one byte', Buffer.alloc(100_000, 7), {}],
    ['in a small window', Buffer.concat([words, noise, words]), { windowBits: 12 }],
  ])('%s, with something behind it', (_what, data, options) => {
    const packed = Buffer.concat([deflateRawSync(data, options), randomBytes(400)])
    expect(Buffer.from(inflated(packed, data.length)).equals(data)).toBe(true)
  })

  it('ends, whatever is in it', () => {
    for (let n = 0; n < 300; n++) {
      const packed = randomBytes(1 + (n % 60))
      try {
        expect(inflated(packed, 5_000)).toHaveLength(5_000)
      } catch (error) {
        expect((error as Error).message).toMatch(/^the compressed data/)
      }
    }
  })
})
