/**
 * A host's word with foreign hypervisors: which connector speaks with which, and for how long at most. Before the first
 * words with a hypervisor, what sessions of an earlier daemon left there is ended.
 */
import type { Connectors } from './backup/foreign.ts'
import type { HypervisorConnection } from '../domain/hypervisor.ts'
import type { Log } from '../lib/log.ts'
import { wordsOf } from './volume-work.ts'
import type { HostAgent } from './protocol.ts'

/** Longer, and nobody would call it reachable; short enough that its state is the truth of a moment ago. */
const TEST_TIMEOUT_MS = 5_000
/** Thousands of machines over a slow line. */
const LIST_TIMEOUT_MS = 120_000
const SWEEP_TIMEOUT_MS = 60_000

export type HypervisorWork = Pick<
  HostAgent,
  'hypervisorTest' | 'hypervisorMachines' | 'hypervisorSshKey'
>

export function createHypervisorWork(options: {
  connectors: Connectors
  sshKey: () => Promise<string>
  log: Log
}): HypervisorWork {
  const { connectors, log } = options
  /** Those that were spoken with and answered since this daemon began. */
  const known = new Set<string>()
  const sweep = async (connection: HypervisorConnection): Promise<void> => {
    try {
      await connectors[connection.connector].sweep(
        connection,
        AbortSignal.timeout(SWEEP_TIMEOUT_MS),
      )
    } catch (err) {
      known.delete(connection.uri)
      log.warn({ err, uri: connection.uri }, 'what old backups left could not be ended')
    }
  }
  return {
    hypervisorTest: async (connection) => {
      const connector = connectors[connection.connector]
      try {
        const outcome = await connector.test(connection, AbortSignal.timeout(TEST_TIMEOUT_MS))
        if (outcome.state !== 'online') known.delete(connection.uri)
        else if (!known.has(connection.uri)) {
          known.add(connection.uri)
          void sweep(connection)
        }
        return outcome
      } catch (error) {
        return { state: 'offline', reason: wordsOf(error) }
      }
    },
    hypervisorSshKey: options.sshKey,
    hypervisorMachines: (connection) =>
      connectors[connection.connector].machines(connection, AbortSignal.timeout(LIST_TIMEOUT_MS)),
  }
}
