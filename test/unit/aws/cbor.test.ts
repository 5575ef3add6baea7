/** CBOR: what we write and read is what the RFC and the official SDK mean. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CborError, decodeCbor, encodeCbor } from '../../../src/aws/protocol/cbor.ts'

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 2 ** 40 }).map((ms) => new Date(ms)),
)
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('node')),
    fc.dictionary(fc.string(), tie('node')),
  ),
})).node

describe('CBOR', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const normal = JSON.stringify(value) ?? ''
        const back = decodeCbor(encodeCbor(value))
        expect(JSON.stringify(back)).toBe(normal.replaceAll('-0', '-0'))
      }),
    )
  })

  it.each([
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['f93e00', 1.5],
    ['fa47c35000', 100_000],
    ['3903e7', -1_000],
    ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
    ['bf6346756ef563416d7421ff', { Fun: true, Amt: -2 }],
    ['7f657374726561646d696e67ff', 'streaming'],
    ['c11a514b67b0', new Date(1_363_896_240_000)],
  ])('reads the example %s of RFC 8949', (hex, value) => {
    expect(decodeCbor(Buffer.from(hex, 'hex'))).toEqual(value)
  })

  it('refuses what is cut short, too deep or not CBOR, and nothing else happens', () => {
    for (const hex of [
      '',
      '19',
      '5bffffffffffffffff00',
      '9b00ffffffffffffff01',
      '81'.repeat(200),
      '0000',
    ]) {
      expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow(CborError)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(CborError)
        }
      }),
    )
  })
})
