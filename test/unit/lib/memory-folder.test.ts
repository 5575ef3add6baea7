/** Folders in memory: those of processes that were killed go with the next that makes one, those of others stay. */
import { mkdir, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { exec } from '../../../src/lib/exec.ts'
import { memoryFolderMake } from '../../../src/lib/memory-folder.ts'
import { secretFiles } from '../../../src/lib/secret-files.ts'

const made: string[] = []
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true })
})

const module = (name: string): string =>
  JSON.stringify(join(import.meta.dirname, `../../../src/lib/${name}.ts`))
const NODE = ['--input-type=module', '--eval']

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(Boolean, () => false)
}

test('what a killed process left is removed by the next, what others have stays', async () => {
  const mine = await memoryFolderMake()
  made.push(mine)
  let left = ''
  const script = `
    const { secretFiles } = await import(${module('secret-files')})
    const files = await secretFiles(new Map([['key', 'a secret']]))
    await files.write()
    console.log(files.pathOf('key'))
    process.kill(process.pid, 'SIGKILL')`
  await exec(process.execPath, [...NODE, script], { onLine: (line) => (left = line) }).catch(
    () => {},
  )
  expect(await isThere(left)).toBe(true)
  // Of another namespace nobody here knows who lives; and what is not ours is not ours.
  const namespace = /\d+/.exec(await readlink('/proc/self/ns/pid'))![0]
  const random = '0'.repeat(24)
  const root = dirname(mine)
  const others = [`brume-1${namespace}-1-1-${random}`, `other-${namespace}-4194302-1-${random}`]
  for (const name of others) {
    made.push(join(root, name))
    await mkdir(join(root, name))
    await writeFile(join(root, name, 'file'), '')
  }
  const next = `
    const { memoryFolderMake } = await import(${module('memory-folder')})
    const { rm } = await import('node:fs/promises')
    await rm(await memoryFolderMake(), { recursive: true })`
  await exec(process.execPath, [...NODE, next])
  expect(await isThere(left)).toBe(false)
  expect(await isThere(dirname(left))).toBe(false)
  const names = await readdir(root)
  expect(names).toEqual(expect.arrayContaining([...others, basename(mine)]))
})

test('secrets are their user’s alone, and gone afterwards', async () => {
  const files = await secretFiles(new Map([['key', 'a secret']]))
  await files.write()
  const path = files.pathOf('key')
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700)
  expect((await stat(path)).mode & 0o777).toBe(0o400)
  await files.dispose()
  expect(await isThere(dirname(path))).toBe(false)
})
