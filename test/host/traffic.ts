/**
 * TCP connections between the guests of the fabric's tests, as a program of its own inside each: `receive PORT`
 * tells, once its standard input ends, what came by each connection and how long it waited at most; `send ADDRESS PORT
 * CONNECTIONS` sends until it is ended; `flood ADDRESS PORT` sends datagrams, far more than fit.
 */
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

export interface Received {
  /** Bytes of each connection by tenths of a second since the first byte of all. */
  tenths: number[][]
  /** Milliseconds without anything, the longest time of each connection, from its first byte to its last. */
  gapsMs: number[]
}

const LOCAL_PORT = 40_000
const CHUNK = Buffer.alloc(64 * 1024)

function receive(port: number): void {
  const result: Received = { tenths: [], gapsMs: [] }
  let startedAt: number | null = null
  const server = createServer((socket) => {
    const n = result.tenths.push([]) - 1
    result.gapsMs[n] = 0
    let lastAt: number | null = null
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const now = performance.now()
      startedAt ??= now
      const tenth = Math.floor((now - startedAt) / 100)
      const line = result.tenths[n]!
      while (line.length <= tenth) line.push(0)
      line[tenth]! += chunk.length
      if (lastAt !== null) result.gapsMs[n] = Math.max(result.gapsMs[n]!, now - lastAt)
      lastAt = now
    })
  })
  server.listen(port, () => process.stderr.write('listening\n'))
  process.stdin.resume().on('end', () => {
    process.stdout.write(JSON.stringify(result), () => process.exit(0))
  })
}

function send(address: string, port: number, connections: number): void {
  for (let n = 0; n < connections; n++) {
    // The same ports each time meet in the same queues, where the kernel has a few of them only.
    const socket = connect({ port, host: address, localPort: LOCAL_PORT + n })
    const more = (): void => {
      while (socket.write(CHUNK)) {
        // Until its buffer is full.
      }
    }
    socket.on('connect', more).on('drain', more)
  }
}

/** Some 100 Mbit/s at most, so that others have time too. */
function flood(address: string, port: number): void {
  const socket = createSocket('udp4')
  const datagram = Buffer.alloc(1_400)
  setInterval(() => {
    for (let n = 0; n < 20; n++) socket.send(datagram, port, address)
  }, 2)
}

const [, path, mode, ...args] = process.argv
if (path?.endsWith('/traffic.ts')) {
  if (mode === 'receive') receive(Number(args[0]))
  else if (mode === 'flood') flood(args[0]!, Number(args[1]))
  else send(args[0]!, Number(args[1]), Number(args[2]))
}
