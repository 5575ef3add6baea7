/** The key of all keys: in a file, or behind a passphrase. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openHome, type Home } from '../../../src/main/home.ts'
import { sealKeyOf } from '../../../src/main/secrets.ts'

let home: Home
beforeEach(async () => {
  home = await openHome(await mkdtemp(join(tmpdir(), 'brume-seal-')))
})
afterEach(() => rm(home.root, { recursive: true }))
const file = () => join(home.keys, 'seal.json')

test('stays the same, in a file that only its owner reads', async () => {
  const key = await sealKeyOf(home, null)
  expect(key).toHaveLength(32)
  expect(await sealKeyOf(home, null)).toEqual(key)
  expect((await stat(file())).mode & 0o777).toBe(0o600)
})

test('a passphrase locks it from then on', async () => {
  const key = await sealKeyOf(home, null)
  expect(await sealKeyOf(home, 'correct horse')).toEqual(key)
  expect(await readFile(file(), 'utf8')).not.toContain(Buffer.from(key).toString('base64'))
  expect(await sealKeyOf(home, 'correct horse')).toEqual(key)
  await expect(sealKeyOf(home, null)).rejects.toThrow('locked by a passphrase')
  await expect(sealKeyOf(home, 'wrong')).rejects.toThrow('does not open')
})
