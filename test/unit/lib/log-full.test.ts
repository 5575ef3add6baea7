/** A log whose disk is full. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const LOG = join(import.meta.dirname, '../../../src/lib/log.ts')

test('a disk that is full costs lines, not the process', async () => {
  const program = `import { createLog } from ${JSON.stringify(LOG)}
    const log = createLog({ path: '/dev/full' })
    for (let line = 0; line < 2000; line++) log.info({ line }, 'x'.repeat(1000))
    await new Promise((resolve) => setTimeout(resolve, 50))
    log.error({}, 'still there')
    process.stdout.write('alive')
    process.exit(0)`
  const words = ['--input-type=module-typescript', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  expect(stdout).toBe('alive')
})
