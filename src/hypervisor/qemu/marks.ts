/**
 * What firmware told a frozen machine about itself — UUID, serial number, asset tag, product name — lies in its memory
 * as SMBIOS tables and as the guest kernel's copies of them, out of reach of any program in the guest. A template's are
 * unlike anything else (random, or a name only templates have), so they are found by search when it is made, and
 * written over in each copy's own memory before its guest runs. The offsets are those of the memory file; the copy's
 * pages are private. Only machines whose memory is one range of the file are made into templates. SMBIOS: DMTF DSP0134
 * 7.2.1.
 */
import { open, readFile } from 'node:fs/promises'
import type { MemoryMarks } from '../../domain/machine.ts'
import { assert } from '../../lib/assert.ts'

export interface MarkedIdentity {
  uuid: string
  instanceId: string
  /** As templates have it: PRODUCT_OF_TEMPLATES. */
  product: string
  /** Of the guest's boot; null: it had none made. */
  bootId: string | null
}

/** Longer than any instance type's name, which takes its place in each copy; our guests look at its beginning. */
export const PRODUCT_OF_TEMPLATES = 'brume.template'.padEnd(28)

const CHUNK_BYTES = 4 * 1024 * 1024
/** A few copies are made on the way; thousands would mean that the mark is no mark. */
const PLACES_MAX = 256

export async function marksFind(
  memoryPath: string,
  identity: MarkedIdentity,
): Promise<MemoryMarks> {
  const { bootId } = identity
  const [uuidBytes, uuidText, instanceId, product, boots] = await placesOf(memoryPath, [
    uuidStored(identity.uuid),
    Buffer.from(identity.uuid),
    Buffer.from(identity.instanceId),
    Buffer.from(identity.product),
    ...(bootId === null ? [] : [uuidPlain(bootId)]),
  ])
  const firmware = { uuidBytes: uuidBytes!, uuidText: uuidText!, instanceId: instanceId! }
  return { ...firmware, product: product!, ...(boots && { bootId: boots }) }
}

/** Reads a sparse file of gigabytes piece by piece; a mark that lies across two is found too. */
async function placesOf(path: string, needles: readonly Buffer[]): Promise<number[][]> {
  const places = needles.map((): number[] => [])
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES + overlap)
    for (let at = 0; ; at += CHUNK_BYTES) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) return places
      const chunk = buffer.subarray(0, bytesRead)
      for (const [which, needle] of needles.entries()) {
        for (
          let found = chunk.indexOf(needle);
          found >= 0;
          found = chunk.indexOf(needle, found + 1)
        ) {
          if (found < CHUNK_BYTES) places[which]!.push(at + found)
        }
        assert(places[which]!.length <= PLACES_MAX, 'a mark that is everywhere')
      }
    }
  } finally {
    await file.close()
  }
}

/**
 * Gives the copy's firmware tables the copy's own identity. The process must not run its guest.
 * @throws Error when its memory is not mapped as expected.
 */
export async function marksWrite(
  process: { pid: number; memoryPath: string },
  marks: MemoryMarks,
  identity: MarkedIdentity,
): Promise<void> {
  const base = await mappedAt(process.pid, process.memoryPath)
  const memory = await open(`/proc/${process.pid}/mem`, 'r+')
  try {
    const write = (place: number, bytes: Buffer): Promise<unknown> =>
      memory.write(bytes, 0, bytes.length, base + place)
    for (const place of marks.uuidBytes) await write(place, uuidStored(identity.uuid))
    for (const place of marks.uuidText) await write(place, Buffer.from(identity.uuid))
    for (const place of marks.instanceId) await write(place, Buffer.from(identity.instanceId))
    for (const place of identity.bootId === null ? [] : (marks.bootId ?? [])) {
      await write(place, uuidPlain(identity.bootId!))
    }
    const { length } = PRODUCT_OF_TEMPLATES
    for (const place of marks.product) {
      const after = Buffer.alloc(1)
      await memory.read(after, 0, 1, base + place + length + 1)
      // In the table, the next string follows at once, and an empty one would end it: the name is filled up with
      // spaces. In the kernel's copies the next begins at a multiple of four.
      const isTable = after[0] !== 0
      const name = isTable ? identity.product.padEnd(length) : identity.product.padEnd(length, '\0')
      await write(place, Buffer.from(name))
    }
  } finally {
    await memory.close()
  }
}

/** Where the whole file is mapped; a number is exact for addresses of user processes (47 bits). */
async function mappedAt(pid: number, memoryPath: string): Promise<number> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8')
  const lines = maps.split('\n').filter((line) => line.endsWith(` ${memoryPath}`))
  const [line] = lines
  const match = /^([0-9a-f]+)-[0-9a-f]+ \S+ 00000000 /.exec(line ?? '')
  if (lines.length !== 1 || !match) throw new Error('the memory of the copy is not one mapping')
  return Number.parseInt(match[1]!, 16)
}

/** The first three fields of a UUID are stored with their low byte first. */
export function uuidStored(uuid: string): Buffer {
  const bytes = uuidPlain(uuid)
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

/** In the order of its text, as Linux and systemd keep a boot's. */
function uuidPlain(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  assert(bytes.length === 16, 'a UUID')
  return bytes
}
