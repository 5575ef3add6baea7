/** Templates on disk: whole or not at all, and kept as far as somebody's volume needs them. */
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  templateFiles,
  templatePublish,
  templateRemove,
  templatesOpen,
  templatesScan,
  templateTouch,
  type TemplateFiles,
  type TemplateRecord,
} from '../../../src/agent/templates/store.ts'
import { storedTemplate } from '../../support/frozen.ts'

let root: string
let record: TemplateRecord
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'brume-templates-')), 'templates')
  await templatesOpen(root)
  record = { ...storedTemplate('/home').record, createdAt: Date.now() }
})
afterEach(() => rm(join(root, '..'), { recursive: true }))

const fill = async (files: TemplateFiles): Promise<void> => {
  await writeFile(files.memory, Buffer.alloc(1024 * 1024, 1))
  await writeFile(files.state, 'state')
  await writeFile(files.disk, 'disk')
}
const only = async () => {
  const { ready, retired } = await templatesScan(root)
  expect({ ready: ready.length, retired: retired.length }).toEqual({ ready: 1, retired: 0 })
  return ready[0]!
}

test('what was filled appears with its record, unused, and takes what its files take', async () => {
  await templatePublish(root, record, fill)
  const template = await only()
  expect(template).toMatchObject({ record, lastUsedAt: null })
  expect(template.sizeBytes).toBeGreaterThanOrEqual(1024 * 1024)
  expect(template.sizeBytes).toBeLessThan(2 * 1024 * 1024)
  expect(template.files.folder.startsWith(join(root, record.key))).toBe(true)
})

test('nothing is seen of it before it is whole', async () => {
  let seen: unknown
  await templatePublish(root, record, async (files) => {
    await fill(files)
    seen = await templatesScan(root)
  })
  expect(seen).toEqual({ ready: [], retired: [] })
})

test.each(['memory', 'state', 'disk'] as const)('without its %s nothing appears', async (name) => {
  const incomplete = async (files: TemplateFiles): Promise<void> => {
    await fill(files)
    await rm(files[name])
  }
  await expect(templatePublish(root, record, incomplete)).rejects.toThrow('ENOENT')
  expect(await readdir(root)).toEqual([])
})

test('a filling that fails leaves nothing', async () => {
  const failing = async (files: TemplateFiles): Promise<void> => {
    await fill(files)
    throw new Error('the guest was never ready')
  }
  await expect(templatePublish(root, record, failing)).rejects.toThrow('never ready')
  expect(await readdir(root)).toEqual([])
})

test('the same key again is another folder: a volume may lie upon the older', async () => {
  await templatePublish(root, record, fill)
  await templatePublish(root, record, fill)
  expect(new Set(await readdir(root)).size).toBe(2)
})

test('opening removes what a crash left unfinished, and nothing else', async () => {
  await templatePublish(root, record, fill)
  const [name] = await readdir(root)
  for (const left of ['.new-tiny-1-aa', '.gone-tiny-2-bb', '.machines']) {
    await mkdir(join(root, left))
    await writeFile(join(root, left, 'memory'), 'left')
  }
  await templatesOpen(root)
  expect((await readdir(root)).sort()).toEqual(['.machines', name])
  await only()
})

test('a use is remembered in the time of the state file', async () => {
  await templatePublish(root, record, fill)
  const at = record.createdAt + 60_000
  await templateTouch((await only()).files, at)
  expect((await only()).lastUsedAt).toBe(at)
})

test('removed whole, and again', async () => {
  await templatePublish(root, record, fill)
  const { files } = await only()
  await templateRemove(root, files, false)
  expect(await readdir(root)).toEqual([])
  await templateRemove(root, files, false)
})

test('retired, it keeps the disk, offers nothing, and can be removed afterwards', async () => {
  await templatePublish(root, record, fill)
  const { files } = await only()
  await templateRemove(root, files, true)
  expect((await readdir(files.folder)).sort()).toEqual(['disk.qcow2', 'template.json'])
  const { ready, retired } = await templatesScan(root)
  expect(ready).toEqual([])
  expect(retired).toEqual([files])
  // A crash between the two files is no template either.
  await writeFile(files.state, 'state')
  expect((await templatesScan(root)).ready).toEqual([])
  await templateRemove(root, files, true)
  await templateRemove(root, files, false)
  expect(await readdir(root)).toEqual([])
})

test('a folder without a record, or with one that cannot be read, is no template', async () => {
  await mkdir(join(root, 'by-hand'))
  await templatePublish(root, record, fill)
  const { files } = await only()
  await writeFile(files.record, '{"key":')
  expect(await templatesScan(root)).toEqual({ ready: [], retired: [] })
})

test('others may pass through to a disk beneath their own, and not look', async () => {
  await templatePublish(root, record, fill)
  const { files } = await only()
  for (const folder of [root, files.folder]) expect((await stat(folder)).mode & 0o777).toBe(0o711)
  expect(files).toEqual(templateFiles(files.folder))
})

test('its disk is to be read by everybody who can name it, and what else it has by nobody', async () => {
  await templatePublish(root, record, async (files) => {
    await fill(files)
    for (const path of [files.disk, files.memory, files.state]) await chmod(path, 0o600)
  })
  const { files } = await only()
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  expect(await modeOf(files.disk)).toBe('444')
  expect([await modeOf(files.memory), await modeOf(files.state)]).toEqual(['600', '600'])
  // As an earlier version left it; also one that is only kept for its disk.
  await chmod(files.disk, 0o600)
  await templateRemove(root, files, true)
  await templatesScan(root)
  expect(await modeOf(files.disk)).toBe('444')
})
