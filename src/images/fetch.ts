/**
 * Downloads what a user of the API names by a URL. Unlike the catalogue's (download.ts) it has no checksum, and it must
 * not be a way into the host: only public addresses, checked where the connection is made, so that no name can change
 * its mind; no redirects.
 */
import { lookup } from 'node:dns'
import { createWriteStream } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FaultError } from '../domain/faults.ts'

const STALL_MS = 60_000

/** Addresses of this host, of private networks, of the metadata service: RFC 6890. */
const INTERNAL = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  INTERNAL.addSubnet(net, bits, 'ipv4')
}
for (const [net, bits] of [
  ['::', 127],
  ['::ffff:0:0', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  INTERNAL.addSubnet(net, bits, 'ipv6')
}

export interface FetchLimits {
  bytesMax: number
  /** For who runs the cloud and trusts its users. */
  mayBeInternal: boolean
  signal?: AbortSignal
  onProgress?: (fraction: number) => void
}

/** @throws Fault `InvalidValue` with the reason. */
export async function fetchTo(url: string, path: string, limits: FetchLimits): Promise<void> {
  const target = parsed(url)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && !limits.mayBeInternal && isInternal(host)) throw refused(`${host} is internal`)
  const response = await request(target, limits)
  try {
    if (response.statusCode !== 200) throw refused(`the server answered ${response.statusCode}`)
    const total = Number(response.headers['content-length'] ?? 0)
    if (total > limits.bytesMax) throw refused(`it has more than ${limits.bytesMax} bytes`)
    let bytes = 0
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length
        if (total > 0) limits.onProgress?.(bytes / total)
        if (bytes > limits.bytesMax) done(refused(`it has more than ${limits.bytesMax} bytes`))
        else done(null, chunk)
      },
    })
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    await pipeline(response, count, file, { signal: limits.signal })
    if (total > 0 && bytes < total) throw refused(`it was cut short at ${bytes} of ${total} bytes`)
  } catch (error) {
    limits.signal?.throwIfAborted()
    throw error instanceof FaultError ? error : refused((error as Error).message)
  } finally {
    response.destroy()
  }
}

function parsed(url: string): URL {
  const target = URL.parse(url)
  if (!target || !['http:', 'https:'].includes(target.protocol)) throw refused('not an HTTP(S) URL')
  return target
}

function request(target: URL, limits: FetchLimits): Promise<IncomingMessage> {
  const get = target.protocol === 'https:' ? httpsGet : httpGet
  return new Promise((resolve, reject) => {
    const options = { lookup: guarded(limits.mayBeInternal), timeout: STALL_MS }
    const signal = limits.signal ? { signal: limits.signal } : {}
    const outgoing = get(target, { ...options, ...signal }, resolve)
    outgoing.on('timeout', () => outgoing.destroy(new Error('the server stalled')))
    outgoing.on('error', (error) => {
      if (limits.signal?.aborted) reject(limits.signal.reason as Error)
      else reject(refused(error.message))
    })
  })
}

/** The address that is checked is the address that is connected to. */
function guarded(mayBeInternal: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 4)
      const allowed = addresses.filter((one) => mayBeInternal || !isInternal(one.address))
      const [first] = allowed
      if (!first) return callback(new Error(`${hostname} is internal`), '', 4)
      if (options.all) return callback(null, allowed)
      return callback(null, first.address, first.family)
    })
  }
}

function isInternal(address: string): boolean {
  return INTERNAL.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function refused(reason: string): FaultError {
  return new FaultError({ type: 'InvalidValue', parameter: 'Url', value: '', reason })
}
