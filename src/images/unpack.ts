/**
 * What a disk may come wrapped in: gzip, and OVA (a tar with a description and disks, of which the first is taken).
 * Unpacked into a folder of the caller's, never more than is allowed.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { FaultError } from '../domain/faults.ts'

const TAR_BLOCK = 512
const TAR_ENTRIES_MAX = 64
/** A disk in a gzip in an OVA; more is a joke. */
const LAYERS_MAX = 3

export interface Unpacked {
  path: string
  /** `gzip`, `ova`, in the order they were met. */
  wrappings: readonly string[]
}

/** @throws Fault `InvalidValue` when it is more than `bytesMax`, broken, or an OVA without a disk. */
export async function unpack(
  source: string,
  folder: string,
  limits: { bytesMax: number; signal?: AbortSignal },
): Promise<Unpacked> {
  const wrappings: string[] = []
  let path = source
  for (;;) {
    const head = await readAt(path, 0, TAR_BLOCK)
    const isGzip = head[0] === 0x1f && head[1] === 0x8b
    const isTar = head.toString('latin1', 257, 262) === 'ustar'
    if (!isGzip && !isTar) return { path, wrappings }
    if (wrappings.length >= LAYERS_MAX) throw refused('it is wrapped too often')
    wrappings.push(isGzip ? 'gzip' : 'ova')
    const next = join(folder, `unpacked-${wrappings.length}`)
    if (isGzip) await gunzip(path, next, limits)
    else await diskOfTar(path, next, limits)
    path = next
  }
}

async function gunzip(
  from: string,
  to: string,
  limits: { bytesMax: number; signal?: AbortSignal },
): Promise<void> {
  let bytes = 0
  const limit = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length
      if (bytes > limits.bytesMax) done(refused(`it unpacks to more than ${limits.bytesMax} bytes`))
      else done(null, chunk)
    },
  })
  try {
    const parts = [createReadStream(from), createGunzip(), limit] as const
    const target = createWriteStream(to, { flags: 'wx', mode: 0o600 })
    await pipeline(...parts, target, { signal: limits.signal })
  } catch (error) {
    limits.signal?.throwIfAborted()
    if (error instanceof FaultError) throw error
    throw refused(`it cannot be unpacked: ${(error as Error).message}`)
  }
}

/** The first disk of an OVA. */
async function diskOfTar(
  from: string,
  to: string,
  limits: { bytesMax: number; signal?: AbortSignal },
): Promise<void> {
  let at = 0
  for (let count = 0; count < TAR_ENTRIES_MAX; count++) {
    const header = await readAt(from, at, TAR_BLOCK)
    if (header.length < TAR_BLOCK || header[0] === 0) break
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '')
    const size = Number.parseInt(header.toString('latin1', 124, 136).replace(/\0.*$/s, ''), 8)
    if (!Number.isSafeInteger(size) || size < 0) break
    if (/\.(?:vmdk|img|vhd|qcow2)(?:\.gz)?$/i.test(name)) {
      if (size > limits.bytesMax) throw refused(`its disk has more than ${limits.bytesMax} bytes`)
      const start = at + TAR_BLOCK
      const part = createReadStream(from, { start, end: start + Math.max(0, size - 1) })
      const target = createWriteStream(to, { flags: 'wx', mode: 0o600 })
      await pipeline(part, target, { signal: limits.signal })
      return
    }
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK
  }
  throw refused('it is an archive without a disk')
}

async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function refused(reason: string): FaultError {
  return new FaultError({ type: 'InvalidValue', parameter: 'disk image', value: '', reason })
}
