/**
 * Exact numbers of bytes from a stream, without holding more than is wanted: large payloads go straight to where they
 * belong, and the stream waits while nobody asks.
 */
import type { Duplex } from 'node:stream'
import { NbdError } from './protocol.ts'

export interface ByteReader {
  /** Exactly `length` bytes. One call at a time. @throws NbdError `closed` when the stream ends before. */
  take(length: number): Promise<Buffer>
  /** The same, into `target`. */
  fill(target: Uint8Array): Promise<void>
  /** Hands the stream over to somebody else. Nothing may have been read ahead. */
  release(): void
}

/** Read ahead of what was asked for. */
const AHEAD_BYTES_MAX = 1024 * 1024

export function createByteReader(stream: Duplex): ByteReader {
  const chunks: Buffer[] = []
  let bufferedBytes = 0
  let failure: Error | null = null
  let wanted: {
    target: Uint8Array
    at: number
    resolve: () => void
    reject: (e: Error) => void
  } | null = null

  const pump = (): void => {
    while (wanted && wanted.at < wanted.target.length && chunks.length > 0) {
      const chunk = chunks[0]!
      const room = wanted.target.length - wanted.at
      const piece = chunk.length <= room ? chunk : chunk.subarray(0, room)
      wanted.target.set(piece, wanted.at)
      wanted.at += piece.length
      bufferedBytes -= piece.length
      if (piece.length === chunk.length) chunks.shift()
      else chunks[0] = chunk.subarray(piece.length)
    }
    if (wanted && wanted.at === wanted.target.length) {
      const { resolve } = wanted
      wanted = null
      resolve()
    } else if (wanted && failure) {
      const { reject } = wanted
      wanted = null
      reject(failure)
    }
    if (bufferedBytes > AHEAD_BYTES_MAX) stream.pause()
    else if (stream.isPaused()) stream.resume()
  }
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk)
    bufferedBytes += chunk.length
    pump()
  }
  const fail = (cause?: unknown): void => {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    failure ??= new NbdError('closed', `the NBD connection ended${why}`, { cause })
    pump()
  }
  const onEnd = (): void => fail()
  stream.on('data', onData)
  stream.on('end', onEnd)
  stream.on('close', onEnd)
  stream.on('error', fail)

  const fill = (target: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      wanted = { target, at: 0, resolve, reject }
      pump()
    })
  return {
    fill,
    take: async (length) => {
      const target = Buffer.alloc(length)
      if (length > 0) await fill(target)
      return target
    },
    release: () => {
      stream.off('data', onData)
      stream.off('end', onEnd)
      stream.off('close', onEnd)
      stream.off('error', fail)
      stream.pause()
    },
  }
}
