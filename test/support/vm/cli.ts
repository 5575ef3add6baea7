/** `./brume` on a daemon of a test. */
import { join } from 'node:path'
import { exec } from '../../../src/lib/exec.ts'
import type { Daemon } from './daemon.ts'

const CLI = join(import.meta.dirname, '../../../src/cli/main.ts')
const TIMEOUT_MS = 5 * 60_000

/** What it prints, without the line's end. */
export async function brume(daemon: Daemon, ...words: string[]): Promise<string> {
  const { stdout } = await exec(process.execPath, [CLI, ...words, '--home', daemon.home], {
    env: daemon.env(),
    timeoutMs: TIMEOUT_MS,
  })
  return stdout.trim()
}
