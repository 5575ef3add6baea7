/** File systems of strangers: what is read of one, and that hostile ones end the reading soon. */
import { expect, test } from 'vitest'
import { ext4Open, type ReadAt } from '../../../src/images/ext4-read.ts'

const BLOCK = 1024
const [DESCRIPTORS, INODES, TREE, FOLDER] = [2, 5, 20, 30]

/** A disk of one group whose inodes are given as mode, size, flags and their 60 bytes. */
function disk(inodes: Record<number, { mode: number; size: number; block: Buffer }>) {
  const bytes = Buffer.alloc(64 * BLOCK)
  bytes.writeUInt16LE(0xef53, 1024 + 56)
  bytes.writeUInt32LE(1, 1024 + 20)
  bytes.writeUInt32LE(64, 1024 + 40)
  bytes.writeUInt32LE(INODES, DESCRIPTORS * BLOCK + 8)
  for (const [number, { mode, size, block }] of Object.entries(inodes)) {
    const at = INODES * BLOCK + (Number(number) - 1) * 128
    bytes.writeUInt16LE(mode, at)
    bytes.writeUInt32LE(size, at + 4)
    bytes.writeUInt32LE(0x80000, at + 32)
    block.copy(bytes, at + 40)
  }
  const seen = { reads: 0 }
  const readAt: ReadAt = async (offset, length) => {
    seen.reads++
    if (offset + length > bytes.length) throw new Error('beyond the disk')
    return bytes.subarray(offset, offset + length)
  }
  return { bytes, seen, readAt }
}

/** `entries`: logical block, length or (of an index) nothing, physical block. */
function node(bytes: number, depth: number, entries: [number, number, number][]): Buffer {
  const made = Buffer.alloc(bytes)
  made.writeUInt16LE(0xf30a, 0)
  made.writeUInt16LE(entries.length, 2)
  made.writeUInt16LE(depth, 6)
  entries.forEach(([logical, length, physical], index) => {
    const at = 12 + index * 12
    made.writeUInt32LE(logical, at)
    if (depth > 0) made.writeUInt32LE(physical, at + 4)
    else {
      made.writeUInt16LE(length, at + 4)
      made.writeUInt32LE(physical, at + 8)
    }
  })
  return made
}

function folder(names: Record<string, number>): Buffer {
  const made = Buffer.alloc(BLOCK)
  let at = 0
  for (const [name, inode] of Object.entries(names)) {
    made.writeUInt32LE(inode, at)
    made.writeUInt16LE(64, at + 4)
    made[at + 6] = name.length
    made.write(name, at + 8)
    at += 64
  }
  return made
}

test('a file whose extents lie in a tree', async () => {
  const root = { mode: 0x4000, size: BLOCK, block: node(60, 0, [[0, 1, FOLDER]]) }
  const file = { mode: 0x8000, size: 3 * BLOCK, block: node(60, 1, [[0, 0, TREE]]) }
  const { bytes, readAt } = disk({ 2: root, 12: file })
  folder({ hello: 12 }).copy(bytes, FOLDER * BLOCK)
  const leaf: [number, number, number][] = [
    [0, 1, 40],
    [2, 1, 41],
  ]
  node(BLOCK, 0, leaf).copy(bytes, TREE * BLOCK)
  bytes.fill('a', 40 * BLOCK, 41 * BLOCK).fill('c', 41 * BLOCK, 42 * BLOCK)
  const read = await (await ext4Open(readAt))!.read('/hello', 1 << 20)
  const holes = '\0'.repeat(BLOCK)
  expect(read?.toString()).toBe('a'.repeat(BLOCK) + holes + 'c'.repeat(BLOCK))
})

test('a tree whose nodes are their own children ends', async () => {
  const loop: [number, number, number][] = Array.from({ length: 84 }, () => [0, 0, TREE])
  const root = { mode: 0x4000, size: BLOCK, block: node(60, 5, loop.slice(0, 4)) }
  const { bytes, seen, readAt } = disk({ 2: root })
  node(BLOCK, 5, loop).copy(bytes, TREE * BLOCK)
  expect(await (await ext4Open(readAt))!.list('/etc')).toBeNull()
  expect(seen.reads).toBeLessThan(1000)
})

test('a path through links to links ends', async () => {
  const target = 'a/'.repeat(500)
  const root = { mode: 0x4000, size: BLOCK, block: node(60, 0, [[0, 1, FOLDER]]) }
  const link = { mode: 0xa000, size: target.length, block: node(60, 0, [[0, 1, 40]]) }
  const { bytes, seen, readAt } = disk({ 2: root, 12: link })
  folder({ a: 2, etc: 12 }).copy(bytes, FOLDER * BLOCK)
  bytes.write(target, 40 * BLOCK)
  expect(await (await ext4Open(readAt))!.list('/etc')).toBeNull()
  expect(seen.reads).toBeLessThan(1000)
})
