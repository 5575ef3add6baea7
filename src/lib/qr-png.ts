/** A QR code as a PNG of one bit a pixel. The code is qrcode-generator's; the file is small enough to write here. */
import { crc32, deflateSync } from 'node:zlib'
import qrcode from 'qrcode-generator'

const SCALE = 4
/** Modules of quiet zone that readers want. */
const MARGIN = 4

export function qrPng(text: string): Buffer {
  const code = qrcode(0, 'M')
  code.addData(text, 'Byte')
  code.make()
  const modules = code.getModuleCount()
  const side = (modules + 2 * MARGIN) * SCALE
  const rowBytes = 1 + Math.ceil(side / 8)
  // Rows begin with their filter, none; a set bit is white.
  const rows = Buffer.alloc(rowBytes * side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [row, column] = [Math.floor(y / SCALE) - MARGIN, Math.floor(x / SCALE) - MARGIN]
      const isInside = row >= 0 && column >= 0 && row < modules && column < modules
      if (isInside && code.isDark(row, column)) continue
      rows[y * rowBytes + 1 + (x >> 3)]! |= 0x80 >> (x & 7)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 1
  const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
