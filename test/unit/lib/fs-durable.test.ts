/** Files of state, whole or not at all. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeFileDurable } from '../../../src/lib/fs-durable.ts'

test('a file that cannot take its place leaves nothing beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-durable-'))
  try {
    await mkdir(join(folder, 'state.json'))
    await expect(writeFileDurable(join(folder, 'state.json'), '{}')).rejects.toThrow('EISDIR')
    expect(await readdir(folder)).toEqual(['state.json'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
