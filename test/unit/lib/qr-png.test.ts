/** What an authenticator app is given: the secret to type, and the code to photograph. */
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { base32 } from '../../../src/lib/base32.ts'
import { qrPng } from '../../../src/lib/qr-png.ts'

test('base 32 as RFC 4648 has it, without padding', () => {
  const pairs = [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const
  for (const [plain, text] of pairs) expect(base32(Buffer.from(plain))).toBe(text)
})

test('a picture of whole modules, with a quiet border and three finders', () => {
  const png = qrPng('otpauth://totp/Brume:ada@111122223333?secret=MZXW6YTBOI&issuer=Brume')
  expect(png.subarray(12, 16).toString()).toBe('IHDR')
  const side = png.readUInt32BE(16)
  expect([png.readUInt32BE(20), png[24], png[25]]).toEqual([side, 1, 0])
  const start = png.indexOf('IDAT')
  const rows = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)))
  const rowBytes = 1 + Math.ceil(side / 8)
  expect(rows).toHaveLength(rowBytes * side)
  const isDark = (x: number, y: number) =>
    (rows[y * rowBytes + 1 + (x >> 3)]! & (0x80 >> (x & 7))) === 0
  const [scale, margin] = [4, 4]
  const last = side / scale - margin - 7
  for (const [column, row] of [
    [margin, margin],
    [last, margin],
    [margin, last],
  ] as const) {
    // Dark ring, light ring, dark middle.
    const at = (dx: number) => isDark((column + dx) * scale, (row + 3) * scale)
    expect([0, 1, 2, 3, 4, 5, 6].map(at)).toEqual([true, false, true, true, true, false, true])
  }
  expect([isDark(0, 0), isDark(side - 1, side - 1)]).toEqual([false, false])
})
