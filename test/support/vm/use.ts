/** One daemon for the tests of a file: started before, evidence kept of failures, ended and checked after. */
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startDaemon, type Daemon } from './daemon.ts'
import { createKey, openSsh, type Key } from './guest.ts'

export interface Use {
  daemon: Daemon
  key: Key
}

export function useDaemon(options: Parameters<typeof startDaemon>[0] = {}): Use {
  const use = {} as Use
  beforeAll(async () => {
    use.daemon = await startDaemon(options)
    use.key = await createKey(use.daemon)
    await openSsh(use.daemon)
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await use.daemon?.keepEvidence(task.name)
  })
  afterAll(async () => {
    await use.daemon?.end()
  })
  return use
}
