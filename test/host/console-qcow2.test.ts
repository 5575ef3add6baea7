/** The console reads what QEMU's own tools write: the disk that is uploaded is the one that `qemu-img` was given. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { qcow2Open } from '../../console/src/util/qcow2.ts'
import { exec } from '../../src/lib/exec.ts'

let folder: string
let raw: Buffer
const MIB = 1024 ** 2

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-qcow2-'))
  const program = await readFile('/usr/bin/qemu-img')
  raw = Buffer.alloc(20 * MIB + 512)
  randomBytes(MIB + 300).copy(raw, MIB)
  program.copy(raw, 5 * MIB + 4_096, 0, 8 * MIB)
  randomBytes(512).copy(raw, raw.length - 512)
  await writeFile(join(folder, 'disk.raw'), raw)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const convert = async (...options: string[]): Promise<string> => {
  const file = join(folder, `${options.join('').replace(/\W/g, '')}.qcow2`)
  const args = ['convert', '-f', 'raw', '-O', 'qcow2', ...options, join(folder, 'disk.raw'), file]
  await exec('qemu-img', args, { timeoutMs: 30_000 })
  return file
}

it.each([
  [[]],
  [['-c']],
  [['-o', 'compat=0.10']],
  [['-o', 'cluster_size=512']],
  [['-c', '-o', 'cluster_size=4096']],
  [['-c', '-o', 'cluster_size=2M']],
  [['-S', '0', '-o', 'preallocation=metadata']],
])('%j', async (options) => {
  const file = await open(await convert(...options))
  try {
    const disk = await qcow2Open(async (offset, length) => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    })
    expect(disk.size).toBe(raw.length)
    for (let at = 0; at < raw.length; at += 512 * 1024) {
      const wanted = raw.subarray(at, at + 512 * 1024)
      const bytes = (await disk.read(at, 512 * 1024)) ?? Buffer.alloc(wanted.length)
      expect(wanted.equals(bytes), `at ${at}`).toBe(true)
    }
  } finally {
    await file.close()
  }
})

it.each([['compression_type=zstd'], ['extended_l2=on']])('%s is refused', async (option) => {
  const file = await readFile(await convert('-c', '-o', option))
  const opened = qcow2Open(async (offset, length) => file.subarray(offset, offset + length))
  await expect(opened).rejects.toThrow('features that cannot be read')
})
