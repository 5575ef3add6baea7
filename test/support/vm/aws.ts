/** Debian's awscli, unmodified, against a daemon. */
import { exec } from '../../../src/lib/exec.ts'
import type { Daemon } from './daemon.ts'

/** Python takes seconds to begin on a busy host. */
const TIMEOUT_MS = 120_000

export async function aws<T = Record<string, never>>(
  daemon: Daemon,
  ...args: string[]
): Promise<T> {
  const { stdout } = await exec('/usr/bin/aws', ['--endpoint-url', daemon.url, ...args], {
    env: { ...daemon.env(), AWS_DEFAULT_OUTPUT: 'json' },
    timeoutMs: TIMEOUT_MS,
  })
  return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as T
}
