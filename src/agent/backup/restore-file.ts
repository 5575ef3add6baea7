/**
 * A point's disk as a file for other hypervisors, in the host's folder of exports: whole, or not there. Raw files are
 * written directly, with holes; the others by qemu-img, which reads the disk over NBD.
 */
import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { diskFill } from '../../backup/fill.ts'
import { createRawFile } from '../../backup/raw-file.ts'
import type { PointDisk, WorkOptions } from '../../backup/vault.ts'
import { qemuImg } from '../../blocks/qemu-img.ts'
import type { BackupResult, BackupWork } from '../../domain/backup.ts'
import { assert } from '../../lib/assert.ts'
import { fsyncFile, fsyncFolder } from '../../lib/fs-durable.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import { nbdServe } from '../../lib/nbd/server.ts'
import { EXPORT_FILE } from '../export-work.ts'

type Work = Pick<Extract<BackupWork, { type: 'restore-file' }>, 'file' | 'format'>

export interface FileRestore {
  write(work: Work, disk: PointDisk, options: WorkOptions): Promise<BackupResult>
}

const TIMEOUT_MS = 24 * 3_600_000
const FORMAT_OPTIONS: Record<'qcow2' | 'vmdk', readonly string[]> = {
  qcow2: [],
  // What other hypervisors take.
  vmdk: ['-o', 'subformat=streamOptimized'],
}

export function createFileRestore(exportsFolder: string): FileRestore {
  const mutex = createKeyedMutex()
  const write: FileRestore['write'] = async ({ file, format }, disk, options) => {
    assert(EXPORT_FILE.test(file), `not a file of exports: ${file}`)
    const target = join(exportsFolder, file)
    const done = async (): Promise<BackupResult> => {
      const { blocks } = await stat(target)
      return { sizeBytes: disk.sizeBytes, fileBytes: blocks * 512, path: target }
    }
    if (await stat(target).then(Boolean, () => false)) return done()
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const part = join(dirname(target), `.${file.split('/').at(-1)}.part`)
    try {
      await rm(part, { force: true })
      if (format === 'raw') await rawWrite(part, disk, options)
      else await converted(part, format, disk, options)
      await chmod(part, 0o600)
      await fsyncFile(part)
      await rename(part, target)
      await fsyncFolder(dirname(target))
    } finally {
      await rm(part, { force: true })
    }
    return done()
  }
  return { write: (work, disk, options) => mutex.run(work.file, () => write(work, disk, options)) }
}

async function rawWrite(path: string, disk: PointDisk, options: WorkOptions): Promise<void> {
  const writer = await createRawFile(path, disk.sizeBytes)
  try {
    await diskFill(disk, writer, options)
  } finally {
    await writer.close()
  }
}

async function converted(
  path: string,
  format: 'qcow2' | 'vmdk',
  disk: PointDisk,
  { signal, onProgress }: WorkOptions,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-point-'))
  let failure: Error | null = null
  const socket = join(folder, 'socket')
  const server = await nbdServe(socket, async () => disk, {
    onError: (error) => {
      failure ??= error as Error
    },
  })
  const source = {
    driver: 'raw',
    file: { driver: 'nbd', server: { type: 'unix', path: socket } },
  }
  const onLine = (line: string): void => {
    const percent = /\((\d+(?:\.\d+)?)\/100%\)/.exec(line)?.[1]
    if (!percent) return
    const doneBytes = Math.round((Number(percent) / 100) * disk.sizeBytes)
    onProgress?.({ doneBytes, totalBytes: disk.sizeBytes })
  }
  try {
    const from = `json:${JSON.stringify(source)}`
    const args = ['convert', '-p', '-O', format, ...FORMAT_OPTIONS[format], from, path]
    const limits = { timeoutMs: TIMEOUT_MS, cpuSecondsMax: TIMEOUT_MS / 1000, onLine, signal }
    await qemuImg(args, limits)
  } catch (error) {
    // Which chunk it was, rather than that qemu-img could not read.
    throw failure ?? error
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
