/** What disks hold, read and written block by block without a machine: for the EBS direct APIs. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskBacking } from '../../domain/machine.ts'
import { exec } from '../../lib/exec.ts'
import { memoryFolderMake } from '../../lib/memory-folder.ts'
import { secretFiles, secretName } from '../../lib/secret-files.ts'
import type { ContentExtent } from '../backend.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../secrets.ts'

/** A map of 16 TiB in the worst order has a million lines of a hundred bytes. */
const MAP_BYTES_MAX = 256 * 1024 ** 2
const MAP_TIMEOUT_MS = 10 * 60_000
const WRITE_TIMEOUT_MS = 30_000

interface MapEntry {
  start: number
  length: number
  depth: number
  present?: boolean
  zero: boolean
  data: boolean
}

/** Everything that was ever written, in order, each with the file in which it lies (0: the topmost). */
export async function contentMap(file: DiskBacking): Promise<ContentExtent[]> {
  const args = ['map', '-U', '--output=json', diskName(file)]
  const { stdout } = await qemuImgWithKeys(keysOf(file), args, {
    timeoutMs: MAP_TIMEOUT_MS,
    cpuSecondsMax: MAP_TIMEOUT_MS / 1000,
    outputBytesMax: MAP_BYTES_MAX,
  })
  return (JSON.parse(stdout) as MapEntry[])
    .filter((one) => one.data || one.present)
    .map(({ start, length, depth, data }) => ({ start, length, depth, isData: data }))
}

/** Beyond the end are zeros. `offset` and `length` are multiples of `length`. */
export async function contentRead(
  file: DiskBacking,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  return withFolder(async (folder) => {
    const path = join(folder, 'block')
    const index = offset / length
    // qemu-img counts from the beginning, not from where it skips to.
    const range = [`bs=${length}`, `skip=${index}`, `count=${index + 1}`]
    const args = ['dd', '-U', '-O', 'raw', ...range, `if=${diskName(file)}`, `of=${path}`]
    await qemuImgWithKeys(keysOf(file), args)
    const block = Buffer.alloc(length)
    const read = await readFile(path)
    read.copy(block, 0, 0, length)
    return block
  })
}

/** Durable when it resolves. Nobody has the file open. */
export async function contentWrite(
  file: DiskBacking,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const named = new Map(keysOf(file).map((key) => [secretName(key), key]))
  const keys = await secretFiles(named)
  await withFolder(async (folder) => {
    const path = join(folder, 'block')
    await writeFile(path, bytes, { mode: 0o600 })
    try {
      await keys.write()
      const objects = [...named.keys()].flatMap((name) => [
        '--object',
        `secret,id=${name},file=${keys.pathOf(name)}`,
      ])
      const commands = ['-c', `write -s ${path} ${offset} ${bytes.length}`, '-c', 'flush']
      const { stdout } = await exec('qemu-io', [...objects, ...commands, diskName(file)], {
        timeoutMs: WRITE_TIMEOUT_MS,
      })
      // It says so, and exits with 0.
      if (/failed|error/i.test(stdout)) throw new Error(`not written: ${stdout.trim()}`)
    } finally {
      await keys.dispose()
    }
  })
}

/** In memory: a block of an encrypted disk is not left on a disk in clear. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await memoryFolderMake()
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
