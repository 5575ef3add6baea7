/**
 * Downloads a file whose checksum is known: resumes by ranges, retries, gives up on servers that stall, never hands
 * out a byte that was not verified. The part is kept under the checksum's name, so any later run goes on with it.
 */
import { open, mkdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { FaultError } from '../domain/faults.ts'
import { systemClock, type Clock } from '../lib/time.ts'
import { hashOfFile } from './files.ts'
import { report, type ImageTaskOptions } from './progress.ts'

export interface DownloadLimits {
  /** Nothing received for this long: the attempt ends and the next resumes. */
  stallMs: number
  /** Attempts that brought nothing new, in a row. */
  attemptsMax: number
  /** Doubles with each fruitless attempt. */
  retryMs: number
  totalMs: number
  sizeBytesMax: number
}

export const DOWNLOAD_LIMITS: DownloadLimits = {
  stallMs: 30_000,
  attemptsMax: 5,
  retryMs: 500,
  totalMs: 6 * 60 * 60_000,
  sizeBytesMax: 32 * 1024 ** 3,
}

export interface DownloadPlan {
  url: string
  checksum: string
  algorithm: 'sha256' | 'sha512'
  limits?: Partial<DownloadLimits>
  clock?: Clock
}

type DownloadOptions = Pick<ImageTaskOptions, 'cacheFolder' | 'onProgress' | 'signal'>

/** What one attempt came to. `again` says why there must be another. */
type Attempt = { done: true } | { done: false; again: string; restart?: boolean }

/** A text of a known, small size: a checksum list. Answers with where redirects led. */
export async function fetchText(
  url: string,
  bytesMax: number,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<{ text: string; url: string }> {
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    })
    refuseDowngrade(url, response.url)
    if (!response.ok || !response.body)
      throw downloadFault(url, `the server answered ${response.status}`)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > bytesMax) throw downloadFault(url, `longer than ${bytesMax} bytes`)
      chunks.push(chunk)
    }
    return { text: Buffer.concat(chunks).toString(), url: response.url }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof FaultError) throw error
    throw downloadFault(url, reasonOf(error), error)
  }
}

/** The path of the verified file in the cache. @throws Fault `Service` `DownloadFailed`. */
export async function downloadVerified(
  plan: DownloadPlan,
  options: DownloadOptions,
): Promise<string> {
  const limits = { ...DOWNLOAD_LIMITS, ...plan.limits }
  const clock = plan.clock ?? systemClock
  const folder = join(options.cacheFolder, 'downloads')
  await mkdir(folder, { recursive: true })
  const path = join(folder, plan.checksum.slice(0, 64))
  if (await isVerified(path, plan, options.signal)) return path
  const part = `${path}.part`
  const end = clock.now() + limits.totalMs
  let fruitless = 0
  let why = ''
  while (fruitless < limits.attemptsMax) {
    options.signal?.throwIfAborted()
    if (clock.now() > end)
      throw downloadFault(plan.url, `not done within ${limits.totalMs} ms: ${why}`)
    const before = await sizeOf(part)
    const attempt = await attemptOnce(plan, part, before, limits, options)
    if (attempt.done) {
      report(options, 'verify', null, 'checking the checksum')
      if (await isVerified(part, plan, options.signal)) {
        await rename(part, path)
        return path
      }
      await rm(part, { force: true })
      // A resumed file may have been stitched from two versions: once more from the start, then it is the server.
      if (before === 0) throw downloadFault(plan.url, 'the file does not match its checksum')
      why = 'the resumed file did not match its checksum'
      fruitless++
      continue
    }
    why = attempt.again
    if (attempt.restart) await rm(part, { force: true })
    if ((await sizeOf(part)) > before) {
      fruitless = 0
      continue
    }
    fruitless++
    report(options, 'download', null, `${why}; trying again`)
    await clock.wait(limits.retryMs * 2 ** (fruitless - 1), options.signal)
  }
  throw downloadFault(plan.url, `given up after ${limits.attemptsMax} attempts: ${why}`)
}

async function attemptOnce(
  plan: DownloadPlan,
  part: string,
  start: number,
  limits: DownloadLimits,
  options: DownloadOptions,
): Promise<Attempt> {
  const stall = new AbortController()
  let timer = setTimeout(() => stall.abort(new Error('the server stalled')), limits.stallMs)
  const alive = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stall.abort(new Error('the server stalled')), limits.stallMs)
  }
  const signal = options.signal ? AbortSignal.any([options.signal, stall.signal]) : stall.signal
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (start > 0) headers['range'] = `bytes=${start}-`
    const response = await fetch(plan.url, { signal, headers })
    alive()
    refuseDowngrade(plan.url, response.url)
    if (response.status === 416) {
      await response.body?.cancel()
      // Nothing after what we have: it is whole, or it is not the file we began.
      return totalOf(response) === start
        ? { done: true }
        : { done: false, again: 'range refused', restart: true }
    }
    if (response.status >= 500 || response.status === 429) {
      await response.body?.cancel()
      return { done: false, again: `the server answered ${response.status}` }
    }
    if (!response.ok || !response.body) {
      throw downloadFault(plan.url, `the server answered ${response.status}`)
    }
    const from = response.status === 206 ? start : 0
    const total = totalOf(response)
    if (total !== null && total > limits.sizeBytesMax)
      throw downloadFault(plan.url, `too big: ${total} bytes`)
    await refuseFullDisk(plan.url, options.cacheFolder, (total ?? 0) - from)
    const received = await receive(
      response.body,
      part,
      from,
      total,
      limits,
      options,
      alive,
      plan.url,
    )
    if (total !== null && received < total) {
      return { done: false, again: `cut short at ${received} of ${total} bytes` }
    }
    return { done: true }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof FaultError) throw error
    return { done: false, again: stall.signal.aborted ? 'the server stalled' : reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** Appends the body to the part; answers with the part's size. */
async function receive(
  body: ReadableStream<Uint8Array>,
  part: string,
  from: number,
  total: number | null,
  limits: DownloadLimits,
  options: DownloadOptions,
  alive: () => void,
  url: string,
): Promise<number> {
  const file = await open(part, from > 0 ? 'r+' : 'w', 0o600)
  let at = from
  let reportedAt = 0
  try {
    await file.truncate(from)
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      alive()
      if (at + chunk.length > Math.min(total ?? Infinity, limits.sizeBytesMax)) {
        throw downloadFault(
          url,
          `sent more than the ${total ?? limits.sizeBytesMax} bytes it should`,
        )
      }
      await file.write(chunk, 0, chunk.length, at)
      at += chunk.length
      if (at - reportedAt >= 1024 * 1024 || at === total) {
        reportedAt = at
        const fraction = total === null ? null : at / total
        report(
          options,
          'download',
          fraction,
          `${mib(at)}${total === null ? '' : ` of ${mib(total)}`} MiB`,
        )
      }
    }
    return at
  } finally {
    await file.close()
  }
}

/** The size of the whole file, when the server says. */
function totalOf(response: Response): number | null {
  const range = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')
  const text =
    range?.[1] ?? (response.status === 200 ? response.headers.get('content-length') : null)
  const total = Number(text)
  return text && Number.isSafeInteger(total) ? total : null
}

async function isVerified(
  path: string,
  plan: DownloadPlan,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await sizeOf(path)) === 0) return false
  return (await hashOfFile(path, plan.algorithm, signal)) === plan.checksum
}

async function refuseFullDisk(url: string, folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  if (neededBytes > freeBytes) {
    throw downloadFault(
      url,
      `needs ${mib(neededBytes)} MiB, the disk has ${mib(freeBytes)} MiB left`,
    )
  }
}

/** A server that was asked over TLS must not send us elsewhere without. */
function refuseDowngrade(asked: string, answered: string): void {
  if (asked.startsWith('https:') && !answered.startsWith('https:')) {
    throw downloadFault(asked, `redirected to an unprotected address`)
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(bytes < 100 * 1024 * 1024 ? 1 : 0)
}

function reasonOf(error: unknown): string {
  const cause = (error as Error).cause as Error | undefined
  return cause?.message ?? (error as Error).message
}

function downloadFault(url: string, reason: string, cause?: unknown): FaultError {
  const message = `${url}: ${reason}`
  return new FaultError(
    { type: 'Service', code: 'DownloadFailed', message, fields: { url, reason } },
    { cause },
  )
}
