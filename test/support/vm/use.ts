/** One daemon for the tests of a file: started before, evidence kept of failures, ended and checked after. */
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startDaemon, type Daemon } from './daemon.ts'
import { createKey, openSsh, type Key } from './guest.ts'

export interface Use {
  daemon: Daemon
  key: Key
}

export function useDaemon(
  options: Parameters<typeof startDaemon>[0] & { setUp?: (use: Use) => Promise<void> } = {},
): Use {
  const use = {} as Use
  beforeAll(async () => {
    use.daemon = await startDaemon(options)
    try {
      use.key = await createKey(use.daemon)
      await openSsh(use.daemon)
      await options.setUp?.(use)
    } catch (error) {
      await use.daemon.keepEvidence('set-up')
      throw error
    }
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await use.daemon?.keepEvidence(task.name)
  })
  afterAll(async () => {
    await use.daemon?.end()
  })
  return use
}
