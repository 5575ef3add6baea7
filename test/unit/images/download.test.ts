/** Downloads against a server on loopback that behaves as servers do on bad days. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { downloadVerified, fetchText } from '../../../src/images/download.ts'

const content = randomBytes(3 * 1024 * 1024)
const checksum = createHash('sha256').update(content).digest('hex')
const limits = { stallMs: 300, attemptsMax: 3, retryMs: 5 }

let folder: string
let server: Server
let url: string
let ranges: (string | undefined)[]
let handler: (request: IncomingMessage, response: ServerResponse) => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-download-'))
  ranges = []
  server = createServer((request, response) => {
    ranges.push(request.headers.range)
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.img`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const download = (overrides: object = {}): Promise<string> =>
  downloadVerified(
    { url, checksum, algorithm: 'sha256', limits: { ...limits, ...overrides } },
    { cacheFolder: folder },
  )

/** Serves ranges; `cutAt` ends each answer after that many bytes, as a broken line does. */
function serve(data: Buffer, cutAt = Infinity): typeof handler {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start >= data.length) {
      response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end()
      return
    }
    const headers: Record<string, string | number> = { 'content-length': data.length - start }
    if (start > 0) headers['content-range'] = `bytes ${start}-${data.length - 1}/${data.length}`
    response.writeHead(start > 0 ? 206 : 200, headers)
    const end = Math.min(data.length, start + cutAt)
    if (end === data.length) response.end(data.subarray(start))
    else response.write(data.subarray(start, end), () => setTimeout(() => response.destroy(), 20))
  }
}

describe('downloadVerified', () => {
  it('brings the file, once: the second time it is in the cache', async () => {
    handler = serve(content)
    const path = await download()
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(await download()).toBe(path)
    expect(ranges).toHaveLength(1)
  })

  it('goes on where a truncated body ended', async () => {
    handler = serve(content, 1024 * 1024)
    expect((await readFile(await download())).equals(content)).toBe(true)
    expect(ranges.length).toBeGreaterThanOrEqual(3)
    expect(ranges[0]).toBeUndefined()
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true)
  })

  it('starts over when the server has no ranges', async () => {
    let first = true
    handler = (request, response) => {
      delete request.headers.range
      serve(content, first ? 1024 * 1024 : Infinity)(request, response)
      first = false
    }
    expect((await readFile(await download())).equals(content)).toBe(true)
  })

  it('hands out nothing when the checksum is wrong, and keeps nothing', async () => {
    handler = serve(Buffer.concat([content.subarray(0, -1), Buffer.from([content.at(-1)! ^ 1])]))
    await expect(download()).rejects.toThrow(/does not match its checksum/)
    expect(await readdir(join(folder, 'downloads'))).toEqual([])
  })

  it('starts over when a resumed file turns out to be of another version', async () => {
    const old = randomBytes(content.length)
    let served = old
    handler = (request, response) => {
      serve(served, served === old ? 1024 * 1024 : Infinity)(request, response)
      served = content
    }
    expect((await readFile(await download())).equals(content)).toBe(true)
  })

  it('gives up on a server that stalls', async () => {
    handler = (_, response) => {
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, 1000))
    }
    const began = Date.now()
    await expect(download()).rejects.toThrow(/given up after 3 attempts: .*(stalled|cut short)/)
    expect(Date.now() - began).toBeLessThan(5000)
  })

  it('takes a slow server for what it is, as long as it moves', async () => {
    const part = 512 * 1024
    handler = (_, response) => {
      response.writeHead(200, { 'content-length': content.length })
      let at = 0
      const timer = setInterval(() => {
        response.write(content.subarray(at, at + part))
        at += part
        if (at >= content.length) {
          clearInterval(timer)
          response.end()
        }
      }, 100)
    }
    // Longer in all than the stall limit: only silence counts.
    expect((await readFile(await download())).equals(content)).toBe(true)
    expect(ranges).toHaveLength(1)
  })

  it('retries a server error, then says what it was', async () => {
    handler = (_, response) => response.writeHead(503).end()
    await expect(download()).rejects.toThrow(/503/)
    expect(ranges).toHaveLength(3)
  })

  it('does not retry what is not there, nor take more than it should', async () => {
    handler = (_, response) => response.writeHead(404).end()
    await expect(download()).rejects.toThrow(/404/)
    expect(ranges).toHaveLength(1)
    handler = serve(content)
    await expect(download({ sizeBytesMax: 1000 })).rejects.toThrow(/too big/)
    handler = (_, response) => {
      response.writeHead(200)
      response.end(content)
    }
    await expect(download({ sizeBytesMax: 1000 })).rejects.toThrow(/more than/)
  })

  it('stops at once when told to', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-length': 10 }).write('x')
    const abort = new AbortController()
    const promise = downloadVerified(
      { url, checksum, algorithm: 'sha256' },
      { cacheFolder: folder, signal: abort.signal },
    )
    setTimeout(() => abort.abort(new Error('enough')), 50)
    await expect(promise).rejects.toThrow(/enough/)
  })
})

describe('fetchText', () => {
  it('limits size and time', async () => {
    handler = (_, response) => response.end('x'.repeat(2000))
    await expect(fetchText(url, 1000, 1000)).rejects.toThrow(/longer/)
    handler = () => {}
    await expect(fetchText(url, 1000, 100)).rejects.toThrow(/time/)
  })
})
