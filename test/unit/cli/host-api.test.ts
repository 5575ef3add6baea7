/** Following an image operation, whatever the pieces it arrives in. */
import { expect, test } from 'vitest'
import { imageIdOf, ndjsonLines, type ImageProgress } from '../../../src/cli/host-api.ts'

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
