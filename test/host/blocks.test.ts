/** Volumes as real qcow2 files: what qemu-img says of them, repetition, races, growth, crashes. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { contentCopy, createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import { qcow2Make } from '../../src/blocks/qcow2/make.ts'
import { FaultError } from '../../src/domain/faults.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'

const VOLUME = 'vol-0123456789abcdef0' as VolumeId
const GIB = 1024 ** 3

let root: string
let folder: string
let backend: VolumeBackend

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-blocks-'))
  folder = join(root, 'volumes')
  backend = await createQcow2Backend({ folder, log: silentLog })
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function imageMake(sizeGiB = 1): Promise<{ path: string; format: 'qcow2' }> {
  const path = join(root, 'image.qcow2')
  await exec('qemu-img', ['create', '-q', '-f', 'qcow2', path, `${sizeGiB}G`])
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 0 64k', path])
  return { path, format: 'qcow2' }
}

async function qemuImgInfo(path: string): Promise<Record<string, unknown>> {
  return JSON.parse((await exec('qemu-img', ['info', '--output=json', path])).stdout) as never
}

test('a blank volume has the size that was asked for and takes next to nothing', async () => {
  const file = await backend.ensure({ volumeId: VOLUME, sizeGiB: 100, source: null })
  expect(file).toMatchObject({ sizeBytes: 100 * GIB, backing: null, format: 'qcow2' })
  expect(file.usedBytes).toBeLessThan(2 * 1024 * 1024)
  expect(await qemuImgInfo(file.path)).toMatchObject({ 'virtual-size': 100 * GIB, format: 'qcow2' })
  expect(await backend.list()).toEqual([VOLUME])
})

test('a volume of an image reads the image, and a write to it leaves the image alone', async () => {
  const source = await imageMake()
  const file = await backend.ensure({ volumeId: VOLUME, sizeGiB: 8, source })
  expect(file).toMatchObject({ sizeBytes: 8 * GIB, backing: source })
  expect(await qemuImgInfo(file.path)).toMatchObject({
    'virtual-size': 8 * GIB,
    'backing-filename': source.path,
    'backing-filename-format': 'qcow2',
  })
  const io = (path: string, command: string) =>
    exec('qemu-io', ['-f', 'qcow2', '-c', command, path]).then((result) => result.stdout)
  expect(await io(file.path, 'read -P 0x5a 0 64k')).not.toContain('verification failed')
  await io(file.path, 'write -P 0x77 0 4k')
  expect(await io(file.path, 'read -P 0x77 0 4k')).not.toContain('verification failed')
  expect(await io(source.path, 'read -P 0x5a 0 64k')).not.toContain('verification failed')
  await exec('qemu-img', ['check', '-q', file.path])
})

test('a small write to a volume of an image copies nothing around it', async () => {
  const source = await imageMake()
  const { path } = await backend.ensure({ volumeId: VOLUME, sizeGiB: 1, source })
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 4k 4k', path])
  const map = JSON.parse((await exec('qemu-img', ['map', '--output=json', path])).stdout) as {
    depth: number
    length: number
    start: number
  }[]
  expect(map.filter((one) => one.depth === 0 && one.start < 65536)).toMatchObject([
    { start: 4096, length: 4096 },
  ])
})

test('a compressed copy is the same content in less room, and nothing lies beneath it', async () => {
  const source = await imageMake()
  const file = await backend.ensure({ volumeId: VOLUME, sizeGiB: 1, source })
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x33 64M 32M', file.path])
  const content = await backend.content(file.path, null)
  const copyTo = async (name: string, isCompressed: boolean): Promise<string> => {
    const path = join(root, name)
    await qcow2Make(path, { sizeBytes: GIB, backing: null, key: null })
    await contentCopy(content, { path, format: 'qcow2' }, { isCompressed })
    return path
  }
  const plain = await copyTo('plain.qcow2', false)
  const small = await copyTo('small.qcow2', true)
  const bytesOf = async (path: string) => (await stat(path)).blocks * 512
  expect(await bytesOf(small)).toBeLessThan((await bytesOf(plain)) / 10)
  for (const path of [plain, small]) {
    await exec('qemu-img', ['compare', '-f', 'qcow2', '-F', 'qcow2', path, file.path])
    await exec('qemu-img', ['check', '-q', path])
    expect(await qemuImgInfo(path)).not.toHaveProperty('backing-filename')
  }
})

test('repeating changes nothing, a larger size grows it, a smaller one does not shrink it', async () => {
  const source = await imageMake()
  const first = await backend.ensure({ volumeId: VOLUME, sizeGiB: 2, source })
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x33 1M 64k', first.path])
  expect((await backend.ensure({ volumeId: VOLUME, sizeGiB: 2, source })).sizeBytes).toBe(2 * GIB)
  expect((await backend.ensure({ volumeId: VOLUME, sizeGiB: 3, source })).sizeBytes).toBe(3 * GIB)
  expect((await backend.ensure({ volumeId: VOLUME, sizeGiB: 1, source })).sizeBytes).toBe(3 * GIB)
  const read = await exec('qemu-io', ['-f', 'qcow2', '-c', 'read -P 0x33 1M 64k', first.path])
  expect(read.stdout).not.toContain('verification failed')
})

test('twenty at once for one volume make one volume', async () => {
  const other = await createQcow2Backend({ folder, log: silentLog })
  const content = { volumeId: VOLUME, sizeGiB: 1, source: null }
  const files = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? backend : other).ensure(content).catch(String)),
  )
  // Two owners of one folder cannot happen (the daemon's lock); if it did, one of them would lose, not the volume.
  expect(files.filter((file) => typeof file !== 'string').length).toBeGreaterThan(10)
  expect(await readdir(folder)).toEqual([VOLUME])
  expect(await backend.info(VOLUME)).toMatchObject({ sizeBytes: GIB })
})

test('a volume smaller than its image is a fault that names the size', async () => {
  const source = await imageMake(4)
  const attempt = backend.ensure({ volumeId: VOLUME, sizeGiB: 2, source })
  await expect(attempt).rejects.toMatchObject({
    fault: { type: 'InvalidValue', parameter: 'VolumeSize', reason: 'its image has 4 GiB' },
  })
  await expect(attempt).rejects.toBeInstanceOf(FaultError)
  expect(await readdir(folder)).toEqual([])
})

test('what a crash left half made is gone after a restart and is never listed', async () => {
  await mkdir(join(folder, `.new-${VOLUME}-00112233`))
  await writeFile(join(folder, `.new-${VOLUME}-00112233`, 'disk.qcow2'), 'half')
  await mkdir(join(folder, `.gone-${VOLUME}-00112233`))
  expect(await backend.list()).toEqual([])
  await createQcow2Backend({ folder, log: silentLog })
  expect(await readdir(folder)).toEqual([])
})

test('delete is idempotent and gives the space back', async () => {
  const { path } = await backend.ensure({ volumeId: VOLUME, sizeGiB: 1, source: null })
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write 0 8M', path])
  expect((await backend.usage()).usedBytes).toBeGreaterThan(8 * 1024 * 1024)
  await backend.delete(VOLUME)
  await backend.delete(VOLUME)
  expect(await backend.info(VOLUME)).toBeNull()
  expect(await backend.usage()).toMatchObject({ usedBytes: 0 })
  expect(await readdir(folder)).toEqual([])
})

test('a missing image is told by its path, and nothing is left', async () => {
  const source = { path: join(root, 'nowhere.qcow2'), format: 'qcow2' as const }
  const attempt = backend.ensure({ volumeId: VOLUME, sizeGiB: 2, source })
  await expect(attempt).rejects.toThrow('nowhere.qcow2')
  expect(await readdir(folder)).toEqual([])
})
