/**
 * The serial console of a machine for any number of browsers: the hypervisor talks to one at a time, so they share one
 * connection, which lives as long as one of them looks. A new one first gets what was said before.
 */
import { Duplex } from 'node:stream'

export interface SerialSource {
  connect(): Promise<Duplex>
  /** What was said before; null: nothing. */
  history(): Promise<Uint8Array | null>
}

/** One that does not read what the machine says is let go: neither the machine nor the others wait for it. */
const BEHIND_BYTES_MAX = 4 * 1024 * 1024

interface Shared {
  upstream: Promise<Duplex>
  viewers: Set<Duplex>
}

export interface SerialHub {
  open(instanceId: string, source: SerialSource): Promise<Duplex>
}

export function createSerialHub(): SerialHub {
  const machines = new Map<string, Shared>()
  const share = (instanceId: string, source: SerialSource): Shared => {
    const shared: Shared = { upstream: source.connect(), viewers: new Set() }
    machines.set(instanceId, shared)
    const end = (): void => {
      if (machines.get(instanceId) === shared) machines.delete(instanceId)
      for (const viewer of shared.viewers) viewer.destroy()
    }
    shared.upstream.then((upstream) => {
      upstream.on('data', (chunk: Buffer) => {
        for (const viewer of shared.viewers) {
          viewer.push(chunk)
          if (viewer.readableLength > BEHIND_BYTES_MAX) viewer.destroy()
        }
      })
      upstream.once('error', end)
      upstream.once('close', end)
    }, end)
    return shared
  }
  return {
    open: async (instanceId, source) => {
      const history = await source.history()
      const shared = machines.get(instanceId) ?? share(instanceId, source)
      const upstream = await shared.upstream
      const viewer = new Duplex({
        read: () => {},
        write: (chunk: Buffer, _encoding, done) => void upstream.write(chunk, () => done()),
        destroy: (error, done) => {
          shared.viewers.delete(viewer)
          if (shared.viewers.size === 0) {
            // Nobody joins one that is on its way out.
            if (machines.get(instanceId) === shared) machines.delete(instanceId)
            upstream.destroy()
          }
          done(error)
        },
      })
      shared.viewers.add(viewer)
      if (history) viewer.push(history)
      return viewer
    },
  }
}
