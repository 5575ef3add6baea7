/** Contents of images as files for other hypervisors, in the host's folder of exports: whole or not there. */
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { VolumeBackend } from '../blocks/backend.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../blocks/secrets.ts'
import type { VolumeSource } from '../domain/machine.ts'
import { assert } from '../lib/assert.ts'
import { fsyncFile, fsyncFolder } from '../lib/fs-durable.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import { readHeader } from '../blocks/qcow2/files.ts'
import { ovaWrite } from './ova.ts'
import type { ExportRequest, HostAgent } from './protocol.ts'

const TIMEOUT_MS = 6 * 3_600_000
const OPTIONS: Record<ExportRequest['format'], readonly string[]> = {
  raw: [],
  // What other hypervisors and clouds take; every byte of the size counts.
  vmdk: ['-o', 'subformat=streamOptimized'],
  vpc: ['-o', 'subformat=dynamic,force_size=on'],
}
export const EXPORT_FILE = /^[a-z0-9][a-z0-9.-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

export function createExportWork(options: {
  volumes: VolumeBackend
  exportsFolder: string
  sourcePath: (source: VolumeSource) => string
}): Pick<HostAgent, 'contentExport' | 'exportProgress'> {
  const { volumes, exportsFolder, sourcePath } = options
  const mutex = createKeyedMutex()
  const running = new Map<string, number>()
  const run = async (request: ExportRequest): Promise<void> => {
    const { source, keys, format, file, appliance } = request
    assert(EXPORT_FILE.test(file), `not a file of exports: ${file}`)
    const target = join(exportsFolder, file)
    if (await stat(target).then(Boolean, () => false)) return
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const content = await volumes.content(sourcePath(source), keys)
    const part = join(dirname(target), `.${file.split('/').at(-1)}.part`)
    running.set(file, 0)
    const onLine = (line: string): void => {
      const percent = /\((\d+(?:\.\d+)?)\/100%\)/.exec(line)?.[1]
      if (percent) running.set(file, Number(percent) / 100)
    }
    try {
      await rm(part, { force: true })
      const args = [
        'convert',
        '-U',
        '-p',
        '-O',
        format,
        ...OPTIONS[format],
        diskName(content),
        part,
      ]
      const limits = { timeoutMs: TIMEOUT_MS, cpuSecondsMax: TIMEOUT_MS / 1000, onLine }
      await qemuImgWithKeys(keysOf(content), args, limits)
      const whole = appliance ? `${part}.ova` : part
      if (appliance) {
        await rm(whole, { force: true })
        const { sizeBytes } = await readHeader(content.path)
        await ovaWrite(whole, part, { ...appliance, capacityBytes: sizeBytes })
      }
      await chmod(whole, 0o600)
      await fsyncFile(whole)
      await rename(whole, target)
      await fsyncFolder(dirname(target))
    } finally {
      running.delete(file)
      for (const path of [part, `${part}.ova`]) await rm(path, { force: true })
    }
  }
  return {
    contentExport: (request) => mutex.run(request.file, () => run(request)),
    exportProgress: async (file) => running.get(file) ?? null,
  }
}
