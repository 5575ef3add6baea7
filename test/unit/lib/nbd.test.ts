/** Our NBD client and server with each other: what is read, what is a hole, what cannot be read, who may connect. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  ALLOCATION_HOLE,
  ALLOCATION_ZERO,
  CONTEXT_ALLOCATION,
  nbdConnect,
  type NbdClient,
} from '../../../src/lib/nbd/client.ts'
import { createByteReader } from '../../../src/lib/nbd/byte-reader.ts'
import {
  MAGIC_OPTION,
  MAGIC_OPTION_REPLY,
  MAGIC_SERVER,
  MAGIC_STRUCTURED_REPLY,
  OPTION,
  OPTION_REPLY,
} from '../../../src/lib/nbd/protocol.ts'
import { nbdServe, type NbdServer } from '../../../src/lib/nbd/server.ts'
import type { NbdDisk } from '../../../src/lib/nbd/disk.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SIZE = 64 * MIB
const HOLE = ALLOCATION_HOLE | ALLOCATION_ZERO
const DATA = [
  { start: MIB, length: MIB },
  { start: 2 * MIB, length: 256 * KIB },
  { start: 40 * MIB, length: 2 * MIB },
]

let folder: string
let content: Buffer
let reads: { offset: number; length: number }[]
let server: NbdServer
const errors: unknown[] = []
const clients: NbdClient[] = []
const path = () => join(folder, 'socket')
const disk: NbdDisk = {
  sizeBytes: SIZE,
  read: async (offset, length) => {
    reads.push({ offset, length })
    if (offset >= 41 * MIB) throw new Error('the chunk 12 is damaged')
    return content.subarray(offset, offset + length)
  },
  allocated: async function* () {
    yield* DATA
  },
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-nbd-unit-'))
  content = Buffer.alloc(SIZE)
  for (const { start, length } of DATA) randomBytes(length).copy(content, start)
  reads = []
  errors.length = 0
  const find = async (name: string) => (name === 'disk' ? disk : null)
  server = await nbdServe(path(), find, { mode: 0o660, onError: (one) => void errors.push(one) })
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function open(exportName = 'disk'): Promise<NbdClient> {
  const client = await nbdConnect({ path: path() }, { exportName, contexts: [CONTEXT_ALLOCATION] })
  clients.push(client)
  return client
}

test('everything is read as it is, and holes without asking the disk', async () => {
  const client = await open()
  expect([client.sizeBytes, client.isReadOnly]).toEqual([SIZE, true])
  const whole = await Promise.all(
    Array.from({ length: 40 }, (_, index) => client.read(index * MIB, MIB)),
  )
  expect(Buffer.concat(whole).equals(content.subarray(0, 40 * MIB))).toBe(true)
  expect(reads.map(({ offset }) => offset / MIB).sort()).toEqual([1, 2])
  expect(
    (await client.read(2 * MIB + 3, 5)).equals(content.subarray(2 * MIB + 3, 2 * MIB + 8)),
  ).toBe(true)
  expect((await stat(path())).mode & 0o777).toBe(0o660)
})

test('extents, from anywhere to anywhere', async () => {
  const client = await open()
  const extents = async (start: number, length: number) => {
    const found: [number, number, number][] = []
    for await (const one of client.extents(CONTEXT_ALLOCATION, { start, length })) {
      found.push([one.start / KIB, one.length / KIB, one.flags])
    }
    return found
  }
  expect(await extents(0, SIZE)).toEqual([
    [0, 1024, HOLE],
    [1024, 1280, 0],
    [2304, 38_656, HOLE],
    [40_960, 2048, 0],
    [43_008, 22_528, HOLE],
  ])
  expect(await extents(MIB + 512 * KIB, 256 * KIB)).toEqual([[1536, 256, 0]])
  expect(await extents(SIZE - KIB, KIB)).toEqual([[65_535, 1, HOLE]])
})

test('what the disk cannot read is an error of that read, and the connection goes on', async () => {
  const client = await open()
  const failed = client.read(41 * MIB, 4096)
  await expect(failed).rejects.toMatchObject({ reason: 'failed', errno: 5 })
  await expect(failed).rejects.toThrow('the chunk 12 is damaged')
  expect(errors).toHaveLength(1)
  expect(await client.read(MIB, 10)).toHaveLength(10)
})

test('nothing is written, no other export is there, nonsense ends the connection', async () => {
  await expect(open('other')).rejects.toMatchObject({ reason: 'refused' })
  const client = await open()
  await expect(client.write(0, Buffer.alloc(512))).rejects.toMatchObject({ reason: 'closed' })
  const socket = connect({ path: path() })
  socket.on('error', () => {})
  socket.resume()
  socket.write(randomBytes(64))
  await new Promise((resolve) => socket.once('close', resolve))
  expect((await open()).sizeBytes).toBe(SIZE)
})

/** Grants whatever is asked for, and answers the first request with extents without end. */
async function endless(at: string, sent: { bytes: number }): Promise<Server> {
  const list = createServer((socket) => {
    socket.on('error', () => {})
    const reader = createByteReader(socket)
    const u32 = (...values: number[]): Buffer => {
      const bytes = Buffer.alloc(values.length * 4)
      values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
      return bytes
    }
    const u64 = (value: bigint): Buffer => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(value)
      return bytes
    }
    const answer = (option: number, type: number, data: Buffer): void => {
      const head = Buffer.concat([u64(MAGIC_OPTION_REPLY), u32(option, type, data.length)])
      socket.write(Buffer.concat([head, data]))
    }
    const serve = async (): Promise<void> => {
      socket.write(Buffer.concat([u64(MAGIC_SERVER), u64(MAGIC_OPTION), Buffer.from([0, 3])]))
      await reader.take(4)
      for (let option = 0; option !== OPTION.go;) {
        const head = await reader.take(16)
        option = head.readUInt32BE(8)
        await reader.take(head.readUInt32BE(12))
        if (option === OPTION.setMetaContext) {
          const context = Buffer.concat([u32(1), Buffer.from(CONTEXT_ALLOCATION)])
          answer(option, OPTION_REPLY.metaContext, context)
        }
        if (option === OPTION.go) {
          const shape = Buffer.concat([Buffer.from([0, 0]), u64(BigInt(SIZE)), Buffer.from([0, 3])])
          answer(option, OPTION_REPLY.info, shape)
        }
        answer(option, OPTION_REPLY.ack, Buffer.alloc(0))
      }
      const request = await reader.take(28)
      const extents = Buffer.concat([u32(1), Buffer.alloc(1024 * 1024)])
      const cookie = request.subarray(8, 16)
      const head = Buffer.concat([u32(MAGIC_STRUCTURED_REPLY, 5), cookie, u32(extents.length)])
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.concat([head, extents]))) {
          sent.bytes += extents.length
        }
      }
      socket.on('drain', more)
      more()
    }
    serve().catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => list.listen(at, resolve))
  return list
}

test('a server that never ends its list of extents is left', async () => {
  const at = join(folder, 'endless')
  const sent = { bytes: 0 }
  const hostile = await endless(at, sent)
  const options = { contexts: [CONTEXT_ALLOCATION], requestTimeoutMs: 5_000 }
  const client = await nbdConnect({ path: at }, options)
  clients.push(client)
  const whole = { start: 0, length: SIZE }
  const all = async (): Promise<void> => {
    for await (const _ of client.extents(CONTEXT_ALLOCATION, whole));
  }
  await expect(all()).rejects.toThrow('does not end its list of extents')
  expect(sent.bytes).toBeLessThan(32 * MIB)
  await new Promise((resolve) => hostile.close(resolve))
})
