/**
 * The time service of the smallest image: which answers it believes. It runs where it may not set any clock (in a user
 * namespace of its own), so its end with status 1 says that it was about to; what it does then is proved in guests.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clockProgram } from '../../src/images/clock.ts'

const TIMEOUT_MS = 30_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-clock-'))
  await writeFile(join(folder, 'clock'), clockProgram(), { mode: 0o755 })
  await writeFile(join(folder, 'server.mjs'), SERVER)
})
afterAll(() => rm(folder, { recursive: true }))

/**
 * A server that sends what its arguments say, one after the other, for the first question: names of `ANSWERS`. Then it
 * says in JSON what it was asked, and how the program ended within three seconds.
 */
const SERVER = `
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
const [program, ...names] = process.argv.slice(2)
const seconds = Math.floor(Date.now() / 1000) + 2208988800
const ANSWERS = {
  good: () => {},
  stranger: (reply) => reply.fill(7, 24, 32),
  question: (reply) => (reply[0] = 0x23),
  alarm: (reply) => (reply[0] = 0xe4),
  unsynchronised: (reply) => (reply[1] = 0),
  far: (reply) => (reply[1] = 16),
  short: (reply) => reply.subarray(0, 47),
  slow: (reply) => reply.writeUInt32BE(seconds - 30, 40),
}
const asked = []
const server = createSocket('udp4')
server.on('message', (message, { port, address }) => {
  asked.push(message.toString('hex'))
  if (asked.length > 1) return
  for (const name of names) {
    const reply = Buffer.alloc(48)
    reply[0] = 0x24
    reply[1] = 2
    message.copy(reply, 24, 40, 48)
    reply.writeUInt32BE(seconds, 32)
    reply.writeUInt32BE(seconds, 40)
    server.send(ANSWERS[name](reply)?.length ? reply.subarray(0, 47) : reply, port, address)
  }
})
server.bind(123, '127.0.0.1', () => {
  const child = spawn(program, ['127.0.0.1'], { stdio: 'inherit' })
  const timer = setTimeout(() => child.kill(), 3_000)
  child.on('close', (status, signal) => {
    clearTimeout(timer)
    console.log(JSON.stringify({ status, signal, asked }))
    server.close()
  })
})
`

interface Outcome {
  status: number | null
  signal: string | null
  asked: string[]
}

async function answered(...names: string[]): Promise<Outcome> {
  const words = [process.execPath, join(folder, 'server.mjs'), join(folder, 'clock'), ...names]
  const start = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...words]
  const child = spawn('unshare', ['--user', '--map-root-user', '--net', '--', ...start], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  await new Promise((resolve) => child.once('close', resolve))
  return JSON.parse(Buffer.concat(said).toString()) as Outcome
}

test(
  'it asks as NTP 4 has it, without telling its own time, and believes an answer to its question',
  async () => {
    const [first, second] = [await answered('good'), await answered('good')]
    expect(first).toMatchObject({ status: 1, signal: null })
    const [question] = first.asked
    expect(question).toMatch(/^23(?:00){39}[0-9a-f]{16}$/)
    expect(question).not.toBe(second.asked[0])
  },
  TIMEOUT_MS,
)

test.each(['stranger', 'question', 'alarm', 'unsynchronised', 'far', 'short', 'slow'])(
  'it does not believe an answer that is %s',
  async (name) => {
    const { status, signal, asked } = await answered(name)
    expect({ status, signal, count: asked.length }).toEqual({
      status: null,
      signal: 'SIGTERM',
      count: 1,
    })
  },
  TIMEOUT_MS,
)

test(
  'what is no answer does not keep it from the one that comes after',
  async () => {
    expect(await answered('stranger', 'short', 'alarm', 'good')).toMatchObject({ status: 1 })
  },
  TIMEOUT_MS,
)

test.each([[[]], [['']], [['here']], [['127.0.0.1', 'and']]])(
  'with %j for words it ends with status 2',
  async (args) => {
    const child = spawn(join(folder, 'clock'), args, { stdio: 'ignore', timeout: 5_000 })
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2)
  },
)
