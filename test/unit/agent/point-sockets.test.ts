/** Where points are served from. */
import { rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { socketPath } from '../../../src/agent/backup/point-sockets.ts'
import { runtimeFolder } from '../../../src/lib/runtime-folder.ts'

test('sockets of a deep home lie in a folder that nobody could take first', async () => {
  expect(dirname(await socketPath('/home/points'))).toBe('/home/points')
  const path = await socketPath(join('/', 'x'.repeat(100), 'points'))
  try {
    expect(Buffer.byteLength(path)).toBeLessThan(108)
    expect(dirname(dirname(path))).toBe(runtimeFolder())
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o711)
  } finally {
    await rm(dirname(path), { recursive: true, force: true })
  }
})
