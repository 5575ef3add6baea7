/** The QMP client against a fake QEMU on a Unix socket: what it accepts, what it refuses, that it always ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { qmpConnect, QmpError, type QmpClient } from '../../../src/hypervisor/qmp/client.ts'
import { TimeoutError } from '../../../src/lib/time.ts'

const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: [] } }

let folder: string
let server: Server
let peers: Socket[]
let client: QmpClient | undefined

type Answer = (message: { execute: string; id: number }, socket: Socket) => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-qmp-'))
  peers = []
})
afterEach(async () => {
  client?.close()
  client = undefined
  for (const peer of peers) peer.destroy()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const send = (socket: Socket, value: unknown): void =>
  void socket.write(typeof value === 'string' ? value : `${JSON.stringify(value)}\r\n`)

/** Answers the handshake; everything else goes to `answer`. */
async function fakeQemu(answer: Answer = () => {}, greeting: unknown = GREETING): Promise<string> {
  const path = join(folder, 'qmp.sock')
  server = createServer((socket) => {
    peers.push(socket)
    socket.on('error', () => {})
    send(socket, greeting)
    let rest = ''
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const message = JSON.parse(line) as { execute: string; id: number }
        if (message.execute === 'qmp_capabilities') send(socket, { return: {}, id: message.id })
        else answer(message, socket)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}

test('answers find their commands, whatever their order', async () => {
  const held: { id: number; socket: Socket }[] = []
  const path = await fakeQemu(({ id }, socket) => {
    held.push({ id, socket })
    if (held.length < 3) return
    for (const one of held.reverse()) send(one.socket, { return: `for ${one.id}`, id: one.id })
  })
  client = await qmpConnect({ path })
  expect(client.version).toBe('7.2.22')
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => client!.execute(name)))
  expect(answers).toEqual(['for 2', 'for 3', 'for 4'])
})

test('QEMU’s refusal keeps its class and words', async () => {
  const error = { class: 'DeviceNotFound', desc: "Device 'x' not found" }
  const path = await fakeQemu(({ id }, socket) => send(socket, { error, id }))
  client = await qmpConnect({ path })
  const attempt = client.execute('device_del', { id: 'x' })
  await expect(attempt).rejects.toMatchObject({
    errorClass: 'DeviceNotFound',
    message: "Device 'x' not found",
  })
})

test('events reach listeners with QEMU’s time, also in pieces and several at once', async () => {
  const path = await fakeQemu()
  client = await qmpConnect({ path })
  const stop = client.waitForEvent((one) => one.event === 'STOP', { timeoutMs: 2_000 })
  const shutdown = client.waitForEvent((one) => one.event === 'SHUTDOWN', { timeoutMs: 2_000 })
  const line = JSON.stringify({
    event: 'SHUTDOWN',
    data: { guest: true },
    timestamp: { seconds: 1_700_000_000, microseconds: 5_500 },
  })
  send(peers[0]!, line.slice(0, 20))
  send(peers[0]!, `${line.slice(20)}\r\n${JSON.stringify({ event: 'STOP' })}\r\n`)
  expect(await shutdown).toEqual({
    event: 'SHUTDOWN',
    data: { guest: true },
    at: 1_700_000_000_005,
  })
  expect((await stop).data).toEqual({})
})

test('a command without an answer ends by its deadline, and a late answer harms nobody', async () => {
  const path = await fakeQemu(({ execute, id }, socket) => {
    if (execute === 'fast') send(socket, { return: 'ok', id })
    else setTimeout(() => send(socket, { return: 'late', id }), 60)
  })
  client = await qmpConnect({ path })
  await expect(client.execute('slow', {}, { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError)
  await new Promise((resolve) => setTimeout(resolve, 80))
  expect(await client.execute('fast')).toBe('ok')
})

test('an abort ends a command with the signal’s reason, before and during', async () => {
  client = await qmpConnect({ path: await fakeQemu() })
  const reason = new Error('no longer wanted')
  await expect(client.execute('x', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const attempt = client.execute('x', {}, { signal: controller.signal })
  controller.abort(reason)
  await expect(attempt).rejects.toBe(reason)
})

test('losing the connection ends everything under way', async () => {
  const path = await fakeQemu((_message, socket) => socket.destroy())
  client = await qmpConnect({ path })
  const event = client.waitForEvent(() => true, { timeoutMs: 5_000 })
  await expect(client.execute('quit')).rejects.toBeInstanceOf(QmpError)
  await expect(event).rejects.toBeInstanceOf(QmpError)
  expect(await client.closed).toBeInstanceOf(QmpError)
  await expect(client.execute('query-status')).rejects.toThrow()
})

test('something that is not JSON ends the connection', async () => {
  client = await qmpConnect({ path: await fakeQemu() })
  const pending = client.execute('query-status')
  send(peers[0]!, 'HTTP/1.1 400 Bad Request\r\n')
  await expect(pending).rejects.toThrow('not JSON')
})

test('a line that never ends is refused before it fills memory', async () => {
  client = await qmpConnect({ path: await fakeQemu() })
  const pending = client.execute('query-status')
  send(peers[0]!, `{"return": "${'x'.repeat(1_100_000)}`)
  await expect(pending).rejects.toThrow('more than')
})

test('a peer that never greets is given up', async () => {
  const path = await fakeQemu(() => {}, '')
  await expect(qmpConnect({ path, timeoutMs: 30 })).rejects.toBeInstanceOf(TimeoutError)
})

test('too many commands at once are refused, not queued', async () => {
  client = await qmpConnect({ path: await fakeQemu() })
  const attempts = Array.from({ length: 80 }, () => client!.execute('x').catch((error) => error))
  client.close()
  const errors = (await Promise.all(attempts)) as Error[]
  expect(errors.filter((error) => error.message.includes('at once'))).toHaveLength(80 - 64)
})

test('the transcript keeps the last messages, each cut to a bound', async () => {
  const path = await fakeQemu(({ id }, socket) => send(socket, { return: 'y'.repeat(5_000), id }))
  const seen: string[] = []
  client = await qmpConnect({ path, now: () => 42, onMessage: (one) => seen.push(one.direction) })
  for (let n = 0; n < 210; n++) await client.execute('x')
  const transcript = client.transcript()
  expect(transcript).toHaveLength(400)
  expect(transcript.at(-1)).toMatchObject({ at: 42, direction: 'received' })
  expect(transcript.at(-1)!.text).toHaveLength(2_000)
  expect(seen).toHaveLength(1 + 2 + 420)
})
