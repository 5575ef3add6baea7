/** The NBD client against qemu-nbd: what it reads, writes and learns of extents; errors; ends of connections. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { qemuImg } from '../../src/blocks/qemu-img.ts'
import { qemuNbd } from '../../src/blocks/qemu-nbd.ts'
import type { DiskServer } from '../../src/lib/nbd/confined-server.ts'
import type { DiskBacking } from '../../src/domain/machine.ts'
import { exec } from '../../src/lib/exec.ts'
import {
  ALLOCATION_HOLE,
  ALLOCATION_ZERO,
  BITMAP_DIRTY,
  CONTEXT_ALLOCATION,
  contextOfBitmap,
  nbdConnect,
  type NbdClient,
  type NbdExtent,
} from '../../src/lib/nbd/client.ts'
import { eventually } from '../support/eventually.ts'

const MIB = 1024 ** 2
const SIZE = 64 * MIB
const DEPTH = 'qemu:allocation-depth'

let root: string
let file: DiskBacking
const ends: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-nbd-test-'))
  await chmod(root, 0o711)
  const path = join(root, 'disk.qcow2')
  await qemuImg(['create', '-q', '-f', 'qcow2', path, String(SIZE)])
  await chmod(path, 0o644)
  file = { path, format: 'qcow2' }
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await rm(root, { recursive: true, force: true })
})

async function serve(options: { isReadOnly: boolean; hasDepth?: boolean }): Promise<DiskServer> {
  const server = await qemuNbd(file, options)
  ends.push(server.close)
  return server
}

async function open(
  server: DiskServer,
  options: Parameters<typeof nbdConnect>[1] = {},
): Promise<NbdClient> {
  const client = await nbdConnect({ path: server.socket }, options)
  ends.push(client.close)
  return client
}

async function all(extents: AsyncIterable<NbdExtent>): Promise<NbdExtent[]> {
  const found: NbdExtent[] = []
  for await (const extent of extents) found.push(extent)
  return found
}

test('what was written and flushed is read again, whatever its length, many at once', async () => {
  const bytes = randomBytes(40 * MIB)
  const writer = await open(await serve({ isReadOnly: false }))
  expect(writer.sizeBytes).toBe(SIZE)
  expect(writer.isReadOnly).toBe(false)
  await writer.write(MIB + 512, bytes)
  await writer.writeZeroes(2 * MIB, MIB)
  bytes.fill(0, MIB - 512, 2 * MIB - 512)
  await writer.flush()
  await writer.close()

  const reader = await open(await serve({ isReadOnly: true }))
  expect(reader.isReadOnly).toBe(true)
  // Longer than any one request may be.
  expect(bytes.equals(await reader.read(MIB + 512, bytes.length))).toBe(true)
  const pieces = await Promise.all(
    Array.from({ length: 160 }, (_, index) => reader.read(MIB + 512 + index * 262_144, 262_144)),
  )
  expect(bytes.equals(Buffer.concat(pieces))).toBe(true)
  expect((await reader.read(SIZE - 512, 512)).equals(Buffer.alloc(512))).toBe(true)
  expect(await reader.read(5, 0)).toHaveLength(0)
})

test('extents: what is allocated, in which file of a chain, what a dirty bitmap holds', async () => {
  const write = (path: string, ...commands: string[]) =>
    exec('qemu-io', [...commands.flatMap((command) => ['-c', command]), path])
  await write(file.path, 'write -P 1 0 1M', 'write -P 2 8M 2M')
  await qemuImg(['bitmap', '--add', file.path, 'since'])
  await write(file.path, 'write -P 3 9M 64k', 'write -z 20M 1M', 'discard 8M 64k')
  const top = join(root, 'top.qcow2')
  await qemuImg(['create', '-q', '-f', 'qcow2', '-b', file.path, '-F', 'qcow2', top])
  await write(top, 'write -P 4 8M 1M')
  const beneath = file
  file = { path: top, format: 'qcow2', backing: beneath }
  await chmod(top, 0o644)

  const reader = await open(await serve({ isReadOnly: true, hasDepth: true }), {
    contexts: [CONTEXT_ALLOCATION, DEPTH, 'qemu:dirty-bitmap:none'],
  })
  expect([...reader.contexts].sort()).toEqual([CONTEXT_ALLOCATION, DEPTH].sort())
  const whole = { start: 0, length: SIZE }
  const hole = ALLOCATION_HOLE | ALLOCATION_ZERO
  const data = (await all(reader.extents(CONTEXT_ALLOCATION, whole))).filter(
    (extent) => !(extent.flags & ALLOCATION_ZERO),
  )
  expect(data).toEqual([
    { start: 0, length: MIB, flags: 0 },
    { start: 8 * MIB, length: 2 * MIB, flags: 0 },
  ])
  expect((await all(reader.extents(DEPTH, whole))).filter((one) => one.flags !== 0)).toEqual([
    { start: 0, length: MIB, flags: 2 },
    { start: 8 * MIB, length: MIB, flags: 1 },
    { start: 9 * MIB, length: MIB, flags: 2 },
    { start: 20 * MIB, length: MIB, flags: 2 },
  ])
  const part = await all(reader.extents(CONTEXT_ALLOCATION, { start: 9 * MIB, length: 2 * MIB }))
  expect(part).toEqual([
    { start: 9 * MIB, length: MIB, flags: 0 },
    { start: 10 * MIB, length: MIB, flags: hole },
  ])
  expect(() => reader.extents(contextOfBitmap('none'), whole)).toThrow('does not know')

  const socket = join(root, 'bitmap.sock')
  const server = exec('qemu-nbd', ['-r', '-B', 'since', '-k', socket, '--fork', beneath.path])
  await server
  const dirty = await nbdConnect({ path: socket }, { contexts: [contextOfBitmap('since')] })
  ends.push(dirty.close)
  const changed = await all(dirty.extents(contextOfBitmap('since'), whole))
  expect(changed.filter((one) => one.flags & BITMAP_DIRTY)).toEqual([
    { start: 8 * MIB, length: 65_536, flags: 1 },
    { start: 9 * MIB, length: 65_536, flags: 1 },
    { start: 20 * MIB, length: MIB, flags: 1 },
  ])
})

test('errors: outside of the disk, read-only, no such export, nobody there, a server that ends', async () => {
  const server = await serve({ isReadOnly: true })
  const reader = await open(server)
  await expect(reader.read(SIZE - 10, 20)).rejects.toMatchObject({ reason: 'failed' })
  await expect(reader.write(0, Buffer.alloc(512))).rejects.toMatchObject({ reason: 'failed' })
  await expect(reader.read(0, 512)).resolves.toHaveLength(512)
  await expect(nbdConnect({ path: join(root, 'none') })).rejects.toMatchObject({ reason: 'closed' })
  // It stands still when it is asked, so that it is ended before it has answered.
  const pid = Number(await readFile(join(dirname(server.socket), 'pid'), 'utf8'))
  process.kill(pid, 'SIGSTOP')
  const reading = Promise.allSettled([0, 1, 2].map(() => reader.read(0, 16 * MIB)))
  process.kill(pid, 'SIGKILL')
  for (const outcome of await reading) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'closed' } })
  }
  await server.close()
  await expect(reader.read(0, 512)).rejects.toMatchObject({ reason: 'closed' })

  const other = await serve({ isReadOnly: true })
  const wrong = nbdConnect({ path: other.socket }, { exportName: 'other' })
  await expect(wrong).rejects.toMatchObject({ reason: 'refused' })
})

test('what a process left that was killed is taken away by the next', async () => {
  const module = join(import.meta.dirname, '../../src/blocks/qemu-nbd.ts')
  const serveAnd = (rest: string) => `
    const { qemuNbd } = await import(${JSON.stringify(module)})
    const server = await qemuNbd(${JSON.stringify(file)}, { isReadOnly: true })
    console.log(server.socket)
    ${rest}`
  const node = ['--input-type=module', '--eval']
  let left = ''
  await exec(process.execPath, [...node, serveAnd(`process.kill(process.pid, 'SIGKILL')`)], {
    onLine: (line) => (left = line),
  }).catch(() => {})
  expect(await readdir(dirname(left))).toContain('pid')
  const mine = await serve({ isReadOnly: true })
  await exec(process.execPath, [...node, serveAnd('await server.close()')])
  await expect(stat(dirname(left))).rejects.toMatchObject({ code: 'ENOENT' })
  // Of one who lives.
  expect(await readdir(dirname(mine.socket))).toContain('socket')
})

test('one that outlived its process is ended by the next, and nothing else that its folder names', async () => {
  // As when its parent is killed before it could say that it wants to die with it.
  const dead = 4_194_302
  const folder = join('/run/brume-nbd', `${dead}-left`)
  const other = join('/run/brume-nbd', `${dead}-other`)
  for (const one of [folder, other]) await mkdir(one, { recursive: true })
  const image = join(root, 'left.raw')
  await writeFile(image, Buffer.alloc(512))
  const words = ['--persistent', '-f', 'raw', '--read-only', image]
  const left = spawn('qemu-nbd', [
    `--socket=${folder}/socket`,
    `--pid-file=${folder}/pid`,
    ...words,
  ])
  const ended = new Promise((resolve) => left.once('exit', (_, signal) => resolve(signal)))
  await eventually(() => readFile(join(folder, 'pid'), 'utf8').catch(() => ''), Boolean)
  const bystander = spawn('sleep', ['60'])
  try {
    await writeFile(join(other, 'pid'), `${bystander.pid}\n`)
    const module = join(import.meta.dirname, '../../src/blocks/qemu-nbd.ts')
    const serveOnce = `
      const { qemuNbd } = await import(${JSON.stringify(module)})
      await (await qemuNbd(${JSON.stringify(file)}, { isReadOnly: true })).close()`
    await exec(process.execPath, ['--input-type=module', '--eval', serveOnce])
    expect(await ended).toBe('SIGKILL')
    for (const one of [folder, other]) {
      await expect(stat(one)).rejects.toMatchObject({ code: 'ENOENT' })
    }
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
  } finally {
    left.kill('SIGKILL')
    bystander.kill('SIGKILL')
  }
})

test('an abort ends the wait, and the connection goes on', async () => {
  const reader = await open(await serve({ isReadOnly: true }), { requestsMax: 1 })
  const abort = new AbortController()
  const reading = [1, 2, 3].map(() => reader.read(0, 8 * MIB, abort.signal))
  abort.abort(new Error('enough'))
  for (const one of reading) await expect(one).rejects.toThrow('enough')
  await expect(reader.read(0, 512)).resolves.toHaveLength(512)
})

test('a server that says nothing, or nonsense, holds nobody up', async () => {
  const speak = async (greet: (socket: Socket) => void): Promise<string> => {
    const path = join(root, `${randomBytes(4).toString('hex')}.sock`)
    const server: Server = createServer((socket) => {
      socket.on('error', () => {})
      greet(socket)
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    ends.push(() => new Promise((resolve) => server.close(resolve)))
    return path
  }
  const silent = await speak(() => {})
  const waiting = nbdConnect({ path: silent }, { connectTimeoutMs: 200 })
  await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
  const nonsense = await speak((socket) => void socket.write(randomBytes(64)))
  await expect(nbdConnect({ path: nonsense })).rejects.toMatchObject({ reason: 'protocol' })
  const abort = new AbortController()
  const aborted = nbdConnect({ path: silent }, { signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
})

test('a disk that is no qcow2 is refused in its own words', async () => {
  await writeFile(file.path, randomBytes(4096))
  await expect(qemuNbd(file, { isReadOnly: true })).rejects.toThrow(/qcow2/)
})
