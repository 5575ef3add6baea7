/**
 * The disk of `bench backup`: an ext4 image with files of this system, as a machine's disk is; and the two ways in
 * which a hundredth of it changes: new content side by side, and small writes all over it.
 */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, open, opendir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Range } from '../../src/backup/vault.ts'
import { exec } from '../../src/lib/exec.ts'

const MIB = 1024 * 1024
const TIMEOUT_MS = 1_800_000
/** In this order until there is enough. */
const SOURCES = [
  '/usr/bin',
  '/usr/include',
  '/usr/share/doc',
  '/usr/lib/git-core',
  '/usr/share/perl',
  '/usr/lib/python3',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/share',
]
/** What QEMU's layers and bitmaps tell changes by. */
const CLUSTER_BYTES = 64 * 1024

export interface BenchDisk {
  image: string
  sizeBytes: number
  allocated: Range[]
  dataBytes: number
}

export async function diskMake(folder: string, dataMiB: number): Promise<BenchDisk> {
  const staging = join(folder, 'staging')
  await mkdir(staging, { recursive: true })
  await fill(staging, dataMiB * MIB)
  const image = join(folder, 'disk.raw')
  const sizeBytes = dataMiB * 3 * MIB
  await (await open(image, 'w')).close()
  await truncate(image, sizeBytes)
  const options = { timeoutMs: TIMEOUT_MS }
  await exec('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', staging, image], options)
  await rm(staging, { recursive: true })
  const allocated = await allocatedOf(image)
  return { image, sizeBytes, allocated, dataBytes: bytesOf(allocated) }
}

export async function allocatedOf(image: string): Promise<Range[]> {
  const words = ['map', '--output=json', '-f', 'raw', image]
  const { stdout } = await exec('qemu-img', words, { timeoutMs: TIMEOUT_MS })
  const map = JSON.parse(stdout) as (Range & { data: boolean; zero: boolean })[]
  return map
    .filter(({ data, zero }) => data && !zero)
    .map(({ start, length }) => ({ start, length }))
}

export const bytesOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { length }) => sum + length, 0)

/** Plain files only, until there are so many bytes. */
async function fill(staging: string, bytes: number): Promise<void> {
  let left = bytes
  const copy = async (from: string, to: string): Promise<void> => {
    await mkdir(to, { recursive: true })
    for await (const entry of await opendir(from).catch(() => [])) {
      if (left <= 0) return
      const [source, target] = [join(from, entry.name), join(to, entry.name)]
      if (entry.isDirectory()) await copy(source, target)
      if (!entry.isFile()) continue
      const facts = await stat(source)
      left -= facts.size
      await cp(source, target)
    }
  }
  for (const [at, source] of SOURCES.entries()) {
    if (left > 0) await copy(source, join(staging, String(at)))
  }
}

/** A hundredth of the data, side by side; half of it new bytes, half text. */
export async function changeClustered(disk: BenchDisk): Promise<Range[]> {
  const length = Math.ceil(disk.dataBytes / 100 / CLUSTER_BYTES) * CLUSTER_BYTES
  const largest = disk.allocated.toSorted((a, b) => b.length - a.length)[0]!
  const start = Math.ceil(largest.start / CLUSTER_BYTES) * CLUSTER_BYTES
  const content = randomBytes(length)
  for (let at = 0; at < length; at += 2 * CLUSTER_BYTES) {
    content.subarray(at, at + CLUSTER_BYTES).fill(`changed ${at} `)
  }
  await write(disk.image, [{ start, content }])
  return [{ start, length }]
}

/** Writes of 4 to 64 KiB all over the data, until they are a hundredth of it. */
export async function changeScattered(disk: BenchDisk): Promise<Range[]> {
  const writes: { start: number; content: Buffer }[] = []
  const clusters = new Set<number>()
  for (let bytes = 0; bytes < disk.dataBytes / 100;) {
    const length = 4_096 * (1 + Math.floor(Math.random() * 16))
    const start = at(disk, Math.floor((Math.random() * (disk.dataBytes - length)) / 4_096) * 4_096)
    writes.push({ start, content: randomBytes(length) })
    for (let cluster = start; cluster < start + length; cluster += 4_096) {
      clusters.add(Math.floor(cluster / CLUSTER_BYTES))
    }
    bytes += length
  }
  await write(disk.image, writes)
  return [...clusters]
    .sort((a, b) => a - b)
    .map((cluster) => ({ start: cluster * CLUSTER_BYTES, length: CLUSTER_BYTES }))
}

/** Where the `offset`-th byte of the data lies on the disk. */
function at(disk: BenchDisk, offset: number): number {
  for (const { start, length } of disk.allocated) {
    if (offset < length) return start + offset
    offset -= length
  }
  throw new Error('beyond the data')
}

async function write(
  image: string,
  writes: readonly { start: number; content: Buffer }[],
): Promise<void> {
  const file = await open(image, 'r+')
  try {
    for (const { start, content } of writes) await file.write(content, 0, content.length, start)
    await file.sync()
  } finally {
    await file.close()
  }
}
