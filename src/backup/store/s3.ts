/**
 * A vault on any S3 endpoint. Asks nothing of it but reads, writes, lists and deletes that are seen at once; no
 * conditional writes. What the endpoint does not answer, or not in time, is asked again, within limits; what it refuses
 * is not. On a bucket with Object Lock, versions are what is kept and removed.
 */
import type { Readable } from 'node:stream'
import type * as Sdk from '@aws-sdk/client-s3'
import type {
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  S3Client,
  S3ClientConfig,
} from '@aws-sdk/client-s3'
import type { VaultLocation } from '../../domain/backup.ts'
import { assert } from '../../lib/assert.ts'
import { systemClock } from '../../lib/time.ts'
import {
  BlobMissingError,
  BlobRetainedError,
  DamagedError,
  NotRetainedError,
  VaultError,
} from '../errors.ts'
import { PACK_BYTES } from '../format.ts'
import {
  BLOB_BYTES_MAX,
  BLOBS_MAX,
  isKey,
  type BlobInfo,
  type BlobStore,
  type BlobWriter,
} from './blob-store.ts'

export type S3Location = Extract<VaultLocation, { type: 's3' }>

export interface S3Limits {
  connectMs: number
  /** Without a byte in either direction. */
  idleMs: number
  /** Of one call with all its attempts. */
  callMs: number
  attempts: number
}

/** 32 MiB at 1 Mbit/s take four minutes and a half. */
const LIMITS: S3Limits = { connectMs: 10_000, idleMs: 60_000, callMs: 600_000, attempts: 6 }
const BACKOFF_MS = 200
const BACKOFF_MS_MAX = 10_000
/** A pack, the record that brought it over its size, its footer. */
const WRITER_BYTES = PACK_BYTES + 1024 * 1024
const WRITERS_KEPT = 1
/** A blob is replaced a few times at most. */
const VERSIONS_MAX = 100

interface S3 {
  sdk: typeof Sdk
  client: S3Client
  bucket: string
  prefix: string
  limits: S3Limits
  /** How far the bucket's clock is before ours, as of its last answer; null: it has not told. */
  clock: { aheadMs: number | null }
  /** What a pack is put together in, to be used again. */
  buffers: Buffer[]
}

export async function createS3Store(
  location: S3Location,
  limits: Partial<S3Limits> = {},
): Promise<BlobStore> {
  const sdk = await import('@aws-sdk/client-s3')
  const { bucket, prefix } = location
  const all = { ...LIMITS, ...limits }
  const client = clientOf(sdk, location, all)
  const clock = clockOf(client)
  const s3: S3 = { sdk, client, bucket, prefix, limits: all, clock, buffers: [] }
  return {
    list: (folder, signal) => list(s3, folder, signal),
    read: (key, signal) => read(s3, key, null, signal),
    readRange: async (key, offset, length, signal) => {
      if (length === 0) return Buffer.alloc(0)
      const range = { offset, length }
      const bytes = await read(s3, key, range, signal)
      if (bytes.length !== length) throw new DamagedError(key, 'the object ends too early')
      return bytes
    },
    exists: async (key, signal) => (await head(s3, key, signal)) !== null,
    write: (key, bytes, signal) => write(s3, key, bytes, signal),
    note: (key, bytes, signal) => write(s3, key, bytes, signal),
    create: (key, signal) => Promise.resolve(createWriter(s3, key, signal)),
    remove: (key, signal) => remove(s3, key, signal),
    discard: (key, signal) => remove(s3, key, signal),
    retain: (key, until, signal) => retain(s3, key, until, signal),
    removeLeftovers: null,
    close: () => Promise.resolve(s3.client.destroy()),
  }
}

function clientOf(sdk: typeof Sdk, location: S3Location, limits: S3Limits): S3Client {
  const { endpoint, region, credentials } = location
  const config: S3ClientConfig = {
    region,
    credentials,
    // Attempts are counted here (`call`), reading the body included.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      requestTimeout: limits.callMs,
      socketTimeout: limits.idleMs,
    },
    // The signature covers the content already; not every endpoint knows the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
  if (endpoint !== null) Object.assign(config, { endpoint, forcePathStyle: true })
  return new sdk.S3Client(config)
}

/** Every answer has the time at which it was given. */
function clockOf(client: S3Client): S3['clock'] {
  const clock: S3['clock'] = { aheadMs: null }
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers = {} } = result.response as { headers?: Record<string, string> }
      const told = Date.parse(headers['date'] ?? '')
      if (!Number.isNaN(told)) clock.aheadMs = told - Date.now()
      return result
    },
    { step: 'deserialize', name: 'clock' },
  )
  return clock
}

function at(s3: S3, key: string): { Bucket: string; Key: string } {
  assert(/^[A-Za-z0-9][\w.~/-]*$/.test(key), `not a key: ${key}`)
  return { Bucket: s3.bucket, Key: `${s3.prefix}${key}` }
}

async function* list(s3: S3, folder: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
  let ContinuationToken: string | undefined
  let count = 0
  do {
    const Prefix = `${s3.prefix}${folder}`
    const command = new s3.sdk.ListObjectsV2Command({
      Bucket: s3.bucket,
      Prefix,
      ContinuationToken,
    })
    const page = await call(s3, folder, signal, (abortSignal) =>
      s3.client.send(command, { abortSignal }),
    )
    const contents = page.Contents ?? []
    // A page may be empty, and more follow.
    count += 1 + contents.length
    const next = page.IsTruncated ? page.NextContinuationToken : undefined
    const isStill = next !== undefined && next === ContinuationToken
    if (isStill || count > BLOBS_MAX) {
      throw new VaultError(`${folder} in the bucket ${s3.bucket}: a list without an end`)
    }
    for (const { Key = '', Size } of contents) {
      const key = Key.slice(s3.prefix.length)
      if (Key.startsWith(Prefix) && isKey(key)) yield { key, sizeBytes: Size ?? 0 }
    }
    ContinuationToken = next
  } while (ContinuationToken !== undefined)
}

/** Null: all of it. */
function read(
  s3: S3,
  key: string,
  range: { offset: number; length: number } | null,
  signal?: AbortSignal,
): Promise<Buffer> {
  const bytesMax = range?.length ?? BLOB_BYTES_MAX
  const Range = range ? `bytes=${range.offset}-${range.offset + range.length - 1}` : undefined
  return call(s3, key, signal, async (abortSignal) => {
    const command = new s3.sdk.GetObjectCommand({ ...at(s3, key), Range })
    const { Body, ContentLength }: GetObjectCommandOutput = await s3.client.send(command, {
      abortSignal,
    })
    const body = Body as Readable
    if ((ContentLength ?? 0) <= bytesMax) {
      const bytes = await bytesUpTo(body, bytesMax)
      if (bytes) return bytes
    }
    body.destroy()
    throw new DamagedError(key, 'it is larger than it can be')
  })
}

/** Null: there are more, whatever was said of its length. */
async function bytesUpTo(body: Readable, bytesMax: number): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bytesMax) return null
    parts.push(part)
  }
  return Buffer.concat(parts, length)
}

async function head(
  s3: S3,
  key: string,
  signal?: AbortSignal,
): Promise<HeadObjectCommandOutput | null> {
  try {
    return await call(s3, key, signal, (abortSignal) =>
      s3.client.send(new s3.sdk.HeadObjectCommand(at(s3, key)), { abortSignal }),
    )
  } catch (error) {
    if (error instanceof BlobMissingError) return null
    throw error
  }
}

async function write(s3: S3, key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const command = new s3.sdk.PutObjectCommand({ ...at(s3, key), Body: bytes })
  await call(s3, key, signal, (abortSignal) => s3.client.send(command, { abortSignal }))
}

/** In memory until `commit`: a PUT is whole or nothing. */
function createWriter(s3: S3, key: string, signal?: AbortSignal): BlobWriter {
  let buffer: Buffer | null = s3.buffers.pop() ?? Buffer.allocUnsafe(WRITER_BYTES)
  let length = 0
  const abort = async (): Promise<void> => {
    if (buffer && s3.buffers.length < WRITERS_KEPT) s3.buffers.push(buffer)
    buffer = null
  }
  return {
    append: async (parts) => {
      for (const part of parts) {
        assert(length + part.length <= WRITER_BYTES, 'a pack is larger than packs are')
        buffer!.set(part, length)
        length += part.length
      }
    },
    commit: async () => {
      try {
        await write(s3, key, buffer!.subarray(0, length), signal)
      } finally {
        await abort()
      }
    },
    abort,
  }
}

/** A bucket without Object Lock, an endpoint that has none, rights that do not suffice. */
const NOT_IMPLEMENTED = 501
/** Nothing is retained where clocks are further apart. */
const CLOCKS_APART_MAX_MS = 3_600_000
const REFUSALS = [400, 403, 405, NOT_IMPLEMENTED]

/** At least until then: what is to be kept longer stays so. */
async function retain(s3: S3, key: string, until: number, signal?: AbortSignal): Promise<void> {
  // What is retained for years by a clock that was wrong for a moment, nobody takes back.
  if (s3.clock.aheadMs === null) await head(s3, key, signal)
  const aheadMs = s3.clock.aheadMs ?? 0
  if (Math.abs(aheadMs) > CLOCKS_APART_MAX_MS) {
    const hours = Math.round(aheadMs / 3_600_000)
    throw new NotRetainedError(`the clock of the bucket ${s3.bucket} is ${hours} hours before ours`)
  }
  const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(until) } as const
  const input = { ...at(s3, key), Retention, ChecksumAlgorithm: 'SHA256' as const }
  const command = new s3.sdk.PutObjectRetentionCommand(input)
  try {
    await call(s3, key, signal, (abortSignal) => s3.client.send(command, { abortSignal }))
  } catch (error) {
    const there = (await head(s3, key, signal))?.ObjectLockRetainUntilDate?.getTime() ?? 0
    // To the second: S3 keeps no more.
    if (there + 1_000 > until) return
    if (!REFUSALS.includes(statusOf(error) ?? 0)) throw error
    const why = `the bucket ${s3.bucket} does not retain what is put there`
    throw new NotRetainedError(`${why}: ${(error as Error).message}`, { cause: error })
  }
}

/** All versions, the youngest first: an older one would come back in its place. */
async function remove(s3: S3, key: string, signal?: AbortSignal): Promise<void> {
  for (let version = 0; version < VERSIONS_MAX; version++) {
    const there = await head(s3, key, signal)
    if (there === null) return
    const { VersionId, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = there
    const isLocked = hold === 'ON' || (until !== undefined && until.getTime() > Date.now())
    if (isLocked) throw new BlobRetainedError(key)
    const command = new s3.sdk.DeleteObjectCommand({ ...at(s3, key), VersionId })
    try {
      await call(s3, key, signal, (abortSignal) => s3.client.send(command, { abortSignal }))
    } catch (error) {
      // Our clock is ahead of the bucket's, and the bucket decides.
      if (until !== undefined && statusOf(error) === 403) throw new BlobRetainedError(key, error)
      throw error
    }
    if (VersionId === undefined) return
  }
  throw new VaultError(`${key}: more than ${VERSIONS_MAX} versions`)
}

/** Tries again what may succeed another time, with growing pauses. */
async function call<T>(
  s3: S3,
  key: string,
  signal: AbortSignal | undefined,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(s3.limits.callMs)
  const both = signal ? AbortSignal.any([signal, deadline]) : deadline
  for (let tried = 1; ; tried++) {
    try {
      return await attempt(both)
    } catch (error) {
      signal?.throwIfAborted()
      const isLast = tried >= s3.limits.attempts || deadline.aborted
      if (isLast || !isWorthAnother(error)) throw failureOf(s3, key, error)
      const pause = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** tried) * (0.5 + Math.random() / 2)
      await systemClock.wait(pause, both).catch(() => {})
    }
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ??
  (error as { cause?: { $metadata?: { httpStatusCode?: number } } }).cause?.$metadata
    ?.httpStatusCode

/** No answer at all, "slow down", or a failure of the server's own. */
function isWorthAnother(error: unknown): boolean {
  if (error instanceof VaultError) return false
  const status = statusOf(error)
  if (status === NOT_IMPLEMENTED) return false
  return status === undefined || status >= 500 || status === 429 || status === 408 || status < 300
}

function failureOf(s3: S3, key: string, error: unknown): Error {
  if (error instanceof VaultError) return error
  const { name, message } = error as Error
  const status = statusOf(error)
  if (status === 404 && name !== 'NoSuchBucket') return new BlobMissingError(key, error)
  if (status === 416) return new DamagedError(key, 'the object ends too early', error)
  const isFinal = status === 401 || status === 403 || name === 'NoSuchBucket'
  return new VaultError(`${key} in the bucket ${s3.bucket}: ${name}: ${message}`, {
    isFinal,
    cause: error,
  })
}
