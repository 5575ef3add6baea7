/** A stranger's disk into a file of ours that is there, in the stranger's folder (lib/stranger.ts). */
import { dirname } from 'node:path'
import type { DiskBacking } from '../domain/machine.ts'
import { fsyncFile } from '../lib/fs-durable.ts'
import { secretFiles, secretName } from '../lib/secret-files.ts'
import { strangerExec, strangerFolder, strangerName, strangerUser } from '../lib/stranger.ts'

const TIMEOUT_MS = 24 * 3_600_000
/** Enough for the tables of a 64 TiB image. */
const MEMORY_BYTES_MAX = 1024 ** 3
const FILE_BYTES_MAX = 65 * 1024 ** 4

/** Both lie in one folder. @throws ExecError, for example when the disk is full. */
export async function strangerConvert(
  from: DiskBacking,
  to: DiskBacking,
  progress: { signal: AbortSignal; onLine: (line: string) => void },
): Promise<void> {
  const folder = dirname(to.path)
  await strangerFolder(folder, [from.path, to.path])
  const keys = await secretFiles(
    new Map(to.key ? [[secretName(to.key), to.key]] : []),
    strangerUser(),
  )
  const source = {
    driver: from.format,
    file: { driver: 'file', filename: strangerName(from.path) },
  }
  const target = [
    'driver=qcow2',
    `file.filename=${strangerName(to.path)}`,
    ...(to.key ? [`encrypt.key-secret=${secretName(to.key)}`] : []),
  ].join(',')
  const secret = to.key
    ? ['--object', `secret,id=${secretName(to.key)},file=${keys.pathOf(secretName(to.key))}`]
    : []
  const args = ['convert', ...secret, '-p', '-n', '--target-image-opts']
  try {
    await keys.write()
    await strangerExec(
      folder,
      'qemu-img',
      [...args, `json:${JSON.stringify(source)}`, target],
      {
        addressBytesMax: MEMORY_BYTES_MAX,
        cpuSecondsMax: TIMEOUT_MS / 1000,
        fileBytesMax: FILE_BYTES_MAX,
      },
      { timeoutMs: TIMEOUT_MS, env: { ...process.env, MALLOC_ARENA_MAX: '1' }, ...progress },
    )
  } finally {
    await keys.dispose()
  }
  await fsyncFile(to.path)
}
