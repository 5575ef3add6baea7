/** Reading files of any size in constant memory. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  return hashOfFile(path, 'sha256', signal)
}

export async function hashOfFile(
  path: string,
  algorithm: 'sha256' | 'sha512',
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal })
  return hash.digest('hex')
}
