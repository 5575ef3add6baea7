/** How much memory a backup takes does not follow the size of the disk. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const CHILD = join(import.meta.dirname, '../support/backup/huge-child.ts')
const TIMEOUT_MS = 600_000
/** The largest volume of AWS has 64 TiB. */
const TEBIBYTES = [1, 16, 64]
const PEAK_MIB_MAX = 250

test('disks of 1, 16 and 64 TiB', { timeout: 4 * TIMEOUT_MS }, async () => {
  const peaks: number[] = []
  for (const size of TEBIBYTES) {
    const folder = await mkdtemp(join(tmpdir(), 'brume-huge-'))
    try {
      const words = [CHILD, folder, String(size)]
      const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: TIMEOUT_MS })
      peaks.push(Math.round(Number(stdout) / 1024))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  console.warn(`${TEBIBYTES.join(', ')} TiB: ${peaks.join(', ')} MiB at the peak`)
  expect(Math.max(...peaks)).toBeLessThanOrEqual(PEAK_MIB_MAX)
})
