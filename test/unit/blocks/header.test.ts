/** The qcow2 header: what we read from it, and what we refuse. Made by hand, so that no tool is needed. */
import { expect, test } from 'vitest'
import { qcow2HeaderParse } from '../../../src/blocks/qcow2/header.ts'

function header(changes: { version?: number; name?: string; format?: string | null } = {}): Buffer {
  const bytes = Buffer.alloc(65536)
  bytes.writeUInt32BE(0x514649fb, 0)
  bytes.writeUInt32BE(changes.version ?? 3, 4)
  bytes.writeUInt32BE(17, 20)
  bytes.writeBigUInt64BE(8n * 1024n ** 3n, 24)
  bytes.writeUInt32BE(112, 100)
  if (changes.name === undefined) return bytes
  bytes.writeBigUInt64BE(512n, 8)
  bytes.writeUInt32BE(changes.name.length, 16)
  bytes.write(changes.name, 512)
  const format = changes.format === undefined ? 'qcow2' : changes.format
  if (format === null) return bytes
  // An unknown extension first, as qemu-img writes its feature table.
  bytes.writeUInt32BE(0x6803f857, 112)
  bytes.writeUInt32BE(5, 116)
  bytes.writeUInt32BE(0xe2792aca, 128)
  bytes.writeUInt32BE(format.length, 132)
  bytes.write(format, 136)
  return bytes
}

test('size, clusters and what lies beneath', () => {
  expect(qcow2HeaderParse(header())).toEqual({
    version: 3,
    sizeBytes: 8 * 1024 ** 3,
    clusterBytes: 131072,
    hasSubclusters: false,
    backing: null,
  })
  expect(qcow2HeaderParse(header({ name: '/images/a.raw', format: 'raw' })).backing).toEqual({
    path: '/images/a.raw',
    format: 'raw',
  })
})

test.each([
  ['something else', Buffer.alloc(65536)],
  ['too short', Buffer.alloc(16)],
  ['an old version', header({ version: 2 })],
  ['a backing file whose format must be guessed', header({ name: '/images/a', format: null })],
  ['a backing file of a foreign format', header({ name: '/images/a', format: 'vmdk' })],
])('refuses %s', (_, bytes) => {
  expect(() => qcow2HeaderParse(bytes)).toThrow()
})

test('a name that points outside is refused', () => {
  const bytes = header({ name: '/images/a' })
  bytes.writeUInt32BE(0xffffffff, 16)
  expect(() => qcow2HeaderParse(bytes)).toThrow('out of bounds')
})
