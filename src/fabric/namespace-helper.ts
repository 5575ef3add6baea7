/**
 * Runs inside a VPC's namespace (started there by nsenter), sets its kernel switches, binds the sockets it is asked
 * for, hands them to the daemon and ends. The daemon then serves inside the namespace without living there.
 */
import { createSocket } from 'node:dgram'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Socket } from 'node:dgram'
import type { Server } from 'node:net'

export interface HelperJob {
  /** Path below /proc/sys → value. `*` stands for every TAP. A path the kernel lacks is skipped. */
  switches: Readonly<Record<string, string>>
  sockets: readonly HelperSocket[]
}

export interface HelperSocket {
  protocol: 'tcp' | 'udp'
  address: string
  port: number
}

export type HelperMessage = { type: 'socket'; at: number } | { type: 'failed'; reason: string }

const BACKLOG = 1024

function setSwitches(switches: HelperJob['switches']): void {
  for (const [path, value] of Object.entries(switches)) {
    for (const file of expand(`/proc/sys/${path}`)) {
      if (existsSync(file) && readFileSync(file, 'utf8').trim() !== value) {
        writeFileSync(file, value)
      }
    }
  }
}

function expand(path: string): string[] {
  const [before, after] = path.split('*')
  if (after === undefined || !existsSync(before!)) return [path]
  return readdirSync(before!)
    .filter((name) => name.startsWith('t'))
    .map((name) => `${before}${name}${after}`)
}

function bind(socket: HelperSocket): Promise<Server | Socket> {
  return new Promise((resolve, reject) => {
    if (socket.protocol === 'udp') {
      const udp = createSocket({ type: 'udp4' })
      udp.once('error', reject)
      udp.bind({ address: socket.address, port: socket.port, exclusive: true }, () => resolve(udp))
    } else {
      // Connections are the daemon's to accept: one that slips in meanwhile is closed, and the client tries again.
      const server = createServer((connection) => connection.destroy())
      server.once('error', reject)
      server.listen(
        { host: socket.address, port: socket.port, backlog: BACKLOG, exclusive: true },
        () => resolve(server),
      )
    }
  })
}

function send(message: HelperMessage, handle?: Server | Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, handle, {}, (error) => (error ? reject(error) : resolve()))
  })
}

async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2]!) as HelperJob
  setSwitches(job.switches)
  for (const [at, socket] of job.sockets.entries()) {
    const handle = await bind(socket)
    await send({ type: 'socket', at }, handle)
    // The daemon has its own descriptor now; ours would keep this process alive.
    handle.close()
  }
}

try {
  await main()
} catch (error) {
  await send({ type: 'failed', reason: String(error) })
}
process.disconnect!()
