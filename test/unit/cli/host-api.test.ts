/** Following an image operation, whatever the pieces it arrives in; what the user reads of a refusal. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { hostApi, imageIdOf, ndjsonLines, type ImageProgress } from '../../../src/cli/host-api.ts'

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const PROGRESS = '{"step":"kernel","fraction":0.5,"detail":"größer"}\n'

test.each([1, 3, 1000])('lines in pieces of %i bytes', async (size) => {
  const seen: ImageProgress[] = []
  const text = `${PROGRESS}\n{"imageId":"ami-12345678"}`
  const id = await imageIdOf(ndjsonLines(pieces(text, size)), (progress) => seen.push(progress))
  expect(id).toBe('ami-12345678')
  expect(seen).toEqual([{ step: 'kernel', fraction: 0.5, detail: 'größer' }])
})

test('an error of the host is the user’s error', async () => {
  const lines = ndjsonLines(pieces(`${PROGRESS}{"error":"no mirror"}\n`, 7))
  await expect(imageIdOf(lines, () => {})).rejects.toThrow('no mirror')
})

test('an answer that ends early is not success', async () => {
  await expect(imageIdOf(ndjsonLines(pieces(PROGRESS, 7)), () => {})).rejects.toThrow(/stopped/)
})

test.each([
  [400, 'no such disk', 'no such disk'],
  [404, 'Not Found', 'The cloud answered 404 to POST /api/backup/ls: Not Found'],
])('a refusal with %i is read as it is meant', async (status, message, shown) => {
  const server = createServer((_, response) => {
    response.writeHead(status).end(JSON.stringify({ message }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const endpoint = `http://127.0.0.1:${port}`
    const credentials = {
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'secret',
      region: 'us-east-1',
    }
    const cloud = { port, endpoint, credentials } as Parameters<typeof hostApi>[0]
    await expect(hostApi(cloud).backup('ls', {})).rejects.toMatchObject({ message: shown })
  } finally {
    server.close()
  }
})
