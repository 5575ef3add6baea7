/** Reports of Backup: small files in a bucket, or in a folder of the host beside its exports. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createS3Store } from '../../backup/store/s3.ts'
import type { VaultLocation } from '../../domain/backup.ts'
import { assert } from '../../lib/assert.ts'
import { writeFileDurable } from '../../lib/fs-durable.ts'

const FOLDER = 'backup-reports'
/** No name that is hidden, and none that leads elsewhere. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._=-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._=-]*)*$/

export async function reportsWrite(
  exportsFolder: string,
  location: VaultLocation | null,
  files: readonly { key: string; text: string }[],
): Promise<void> {
  for (const { key } of files) assert(KEY.test(key), `no name for a report: ${key}`)
  if (location?.type === 's3') {
    const store = await createS3Store({ ...location, prefix: '' })
    try {
      for (const { key, text } of files) await store.write(key, Buffer.from(text))
    } finally {
      await store.close()
    }
    return
  }
  for (const { key, text } of files) {
    const path = join(exportsFolder, FOLDER, key)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFileDurable(path, text)
  }
}
