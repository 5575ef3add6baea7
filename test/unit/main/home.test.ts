/** Who may pass through and who may read: what an unprivileged QEMU needs, and nothing more. */
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openHome } from '../../../src/main/home.ts'
import { openStore } from '../../../src/store/sql-store.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-home-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8)

test('a home that was there, closed, is made passable for the users that machines run as', async () => {
  await chmod(root, 0o700)
  const home = await openHome(root)
  for (const folder of [root, home.instances, home.volumes, home.images, home.templates]) {
    expect(await modeOf(folder), folder).toBe('711')
  }
  for (const folder of [home.keys, home.cache, home.logs]) expect(await modeOf(folder)).toBe('700')
})

test('a home that others may read stays as its owner made it', async () => {
  await chmod(root, 0o755)
  await openHome(root)
  expect(await modeOf(root)).toBe('755')
})

test('only its owner reads the database and what lies beside it, also one made more open before', async () => {
  const { database } = await openHome(root)
  for (const mode of [0o600, 0o644]) {
    const store = await openStore({ path: database })
    await store.list('instance', {})
    for (const file of [database, `${database}-wal`, `${database}-shm`]) {
      expect(await modeOf(file), file).toBe('600')
    }
    await store.close()
    await chmod(database, mode)
  }
})
