/**
 * Reads files and folders of ext2/3/4 without mounting anything: enough to look at what a stranger's system is. Every
 * number in it is a stranger's too: reads are bounded, paths and trees end. Source: kernel documentation, "ext4 Data
 * Structures and Algorithms".
 */

/** Exactly `length` bytes of the file system at `offset`. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>

export interface Ext4 {
  /** Names in a folder; null: there is no such folder. */
  list(path: string): Promise<string[] | null>
  /** The beginning of a file; null: there is none. */
  read(path: string, bytesMax: number): Promise<Buffer | null>
}

const ROOT = 2
const LINKS_MAX = 8
const FOLDER_BYTES_MAX = 4 * 1024 * 1024
const TREE_DEPTH_MAX = 5
/** Of one file's extents: those of the longest that is read lie in a fifth of them. */
const TREE_NODES_MAX = 256
/** Names on the way of one path, those of links among them. */
const STEPS_MAX = 128
const BLOCKS_MAX = 4_096
const EXTENTS_FLAG = 0x80000
const FOLDER = 0x4000
const LINK = 0xa000
const TYPE_MASK = 0xf000
const HAS_64BIT = 0x80

interface Inode {
  type: number
  sizeBytes: number
  flags: number
  /** Its 60 bytes: an extent tree, block numbers, or a short link itself. */
  block: Buffer
}

/** Null: there is no such file system. */
export async function ext4Open(readAt: ReadAt): Promise<Ext4 | null> {
  const sb = await readAt(1024, 1024).catch(() => null)
  if (!sb || sb.readUInt16LE(56) !== 0xef53) return null
  const blockBytes = 1024 << Math.min(6, sb.readUInt32LE(24))
  const perGroup = sb.readUInt32LE(40)
  const inodeBytes = sb.readUInt32LE(76) === 0 ? 128 : sb.readUInt16LE(88)
  const is64 = (sb.readUInt32LE(96) & HAS_64BIT) !== 0
  const groupBytes = is64 ? Math.max(64, sb.readUInt16LE(254)) : 32
  if (perGroup === 0 || inodeBytes < 128 || inodeBytes > 4096 || groupBytes > 1024) return null
  const firstBlock = sb.readUInt32LE(20)
  const blockRead = (block: number): Promise<Buffer> => readAt(block * blockBytes, blockBytes)

  const inodeRead = async (number: number): Promise<Inode> => {
    const group = Math.floor((number - 1) / perGroup)
    const descriptor = await readAt((firstBlock + 1) * blockBytes + group * groupBytes, groupBytes)
    const high = is64 ? descriptor.readUInt32LE(40) * 2 ** 32 : 0
    const table = descriptor.readUInt32LE(8) + high
    const at = table * blockBytes + ((number - 1) % perGroup) * inodeBytes
    const raw = await readAt(at, 128)
    return {
      type: raw.readUInt16LE(0) & TYPE_MASK,
      sizeBytes: raw.readUInt32LE(4) + raw.readUInt32LE(108) * 2 ** 32,
      flags: raw.readUInt32LE(32),
      block: raw.subarray(40, 100),
    }
  }

  /** Physical blocks in their logical order, as many as are asked for; 0: a hole. */
  const blocksOf = async (inode: Inode, count: number): Promise<number[]> => {
    const blocks = Array.from({ length: Math.min(count, BLOCKS_MAX) }, () => 0)
    const walk = { nodesLeft: TREE_NODES_MAX, next: 0 }
    if (inode.flags & EXTENTS_FLAG) await extentsRead(inode.block, blocks, TREE_DEPTH_MAX, walk)
    else await pointersRead(inode.block, blocks)
    return blocks
  }
  /** `next`: the first block that is not known yet; extents are in order and do not overlap. */
  const extentsRead = async (
    node: Buffer,
    blocks: number[],
    depthLeft: number,
    walk: { nodesLeft: number; next: number },
  ): Promise<void> => {
    if (node.readUInt16LE(0) !== 0xf30a || depthLeft === 0) return
    const [entries, depth] = [node.readUInt16LE(2), node.readUInt16LE(6)]
    for (let at = 12; at + 12 <= node.length && at < 12 + entries * 12; at += 12) {
      const logical = node.readUInt32LE(at)
      if (logical >= blocks.length || logical < walk.next) return
      if (depth > 0) {
        if (--walk.nodesLeft < 0) return
        const child = node.readUInt32LE(at + 4) + node.readUInt16LE(at + 8) * 2 ** 32
        await extentsRead(await blockRead(child), blocks, depthLeft - 1, walk)
        continue
      }
      const length = node.readUInt16LE(at + 4) & 0x7fff
      const start = node.readUInt32LE(at + 8) + node.readUInt16LE(at + 6) * 2 ** 32
      for (let n = 0; n < length && logical + n < blocks.length; n++)
        blocks[logical + n] = start + n
      walk.next = logical + length
    }
  }
  /** Twelve direct ones and one block of more: beyond, these old trees are not followed. */
  const pointersRead = async (pointers: Buffer, blocks: number[]): Promise<void> => {
    for (let n = 0; n < Math.min(12, blocks.length); n++) blocks[n] = pointers.readUInt32LE(n * 4)
    if (blocks.length <= 12 || pointers.readUInt32LE(48) === 0) return
    const more = await blockRead(pointers.readUInt32LE(48))
    for (let n = 12; n < blocks.length && (n - 12) * 4 < more.length; n++) {
      blocks[n] = more.readUInt32LE((n - 12) * 4)
    }
  }

  const contentOf = async (inode: Inode, bytesMax: number): Promise<Buffer> => {
    const length = Math.min(inode.sizeBytes, bytesMax)
    const blocks = await blocksOf(inode, Math.ceil(length / blockBytes))
    const parts: Buffer[] = []
    for (const block of blocks) {
      parts.push(block === 0 ? Buffer.alloc(blockBytes) : await blockRead(block))
    }
    return Buffer.concat(parts).subarray(0, length)
  }

  const entriesOf = async (folder: Inode): Promise<Map<string, number>> => {
    const content = await contentOf(folder, FOLDER_BYTES_MAX)
    const found = new Map<string, number>()
    for (let at = 0; at + 8 <= content.length;) {
      const [inode, length, nameLength] = [
        content.readUInt32LE(at),
        content.readUInt16LE(at + 4),
        content[at + 6]!,
      ]
      if (length < 8) break
      if (inode !== 0 && nameLength > 0) {
        found.set(content.toString('utf8', at + 8, at + 8 + nameLength), inode)
      }
      at += length
    }
    return found
  }

  const find = async (path: string): Promise<Inode | null> => {
    let parts = path.split('/').filter(Boolean)
    let inode = await inodeRead(ROOT)
    for (let links = 0, steps = 0; parts.length > 0; steps++) {
      if (steps === STEPS_MAX) return null
      const [name, ...rest] = parts
      if (inode.type !== FOLDER) return null
      const number = (await entriesOf(inode)).get(name!)
      if (number === undefined) return null
      const next = await inodeRead(number)
      if (next.type !== LINK) {
        inode = next
        parts = rest
        continue
      }
      if (++links > LINKS_MAX) return null
      const isShort = next.sizeBytes < 60
      const target = isShort ? next.block.subarray(0, next.sizeBytes) : await contentOf(next, 4096)
      // Of a relative one, only what lies beside it is followed; our paths' links are at the root.
      parts = [...target.toString().split('/').filter(Boolean), ...rest]
      inode = target[0] === 0x2f ? await inodeRead(ROOT) : inode
    }
    return inode
  }
  return {
    list: async (path) => {
      const inode = await find(path)
      if (inode?.type !== FOLDER) return null
      return [...(await entriesOf(inode)).keys()].filter((name) => name !== '.' && name !== '..')
    },
    read: async (path, bytesMax) => {
      const inode = await find(path)
      return inode && inode.type !== FOLDER ? contentOf(inode, bytesMax) : null
    },
  }
}
