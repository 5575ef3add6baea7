/**
 * Looks at every hypervisor that a gateway is associated with, every few seconds, so that its state is the truth of a
 * moment ago. Only a change is written. A hypervisor that does not answer delays nobody for longer than its deadline.
 */
import type { Hypervisor } from '../../domain/gateway.ts'
import type { HypervisorTest } from '../../domain/hypervisor.ts'
import { createLimiter } from '../../lib/limiter.ts'
import { StaleWriteError } from '../../store/store.ts'
import type { App } from '../context.ts'
import { addressOf } from '../gateway/credentials.ts'
import { gatewaysOf } from '../gateway/gateways.ts'
import { hypervisorTest } from '../gateway/source.ts'

const LOOKS_AT_ONCE = 8

export function createHypervisorsReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const limiter = createLimiter(LOOKS_AT_ONCE)
  return async (signal) => {
    const hypervisors = await connected(app)
    await Promise.all(
      hypervisors.map((one) =>
        limiter.run(async () => {
          if (signal.aborted) return
          await seenWrite(app, one, await lookAt(app, one))
        }),
      ),
    )
  }
}

/** Those that a gateway is associated with. */
export async function connected(app: App): Promise<Hypervisor[]> {
  const gateways = await app.store.list('backupGateway', {})
  const ids = new Set(gateways.flatMap(({ hypervisorId }) => hypervisorId ?? []))
  return ids.size === 0 ? [] : app.store.list('hypervisor', { ids: [...ids] })
}

async function lookAt(app: App, hypervisor: Hypervisor): Promise<HypervisorTest> {
  try {
    return await hypervisorTest(app, await addressOf(app, hypervisor))
  } catch (err) {
    app.log.warn({ err, hypervisor: hypervisor.id }, 'a hypervisor could not be looked at')
    return { state: 'error', reason: err instanceof Error ? err.message : String(err) }
  }
}

const STATES = { online: 'ONLINE', offline: 'OFFLINE', error: 'ERROR' } as const

async function seenWrite(app: App, looked: Hypervisor, outcome: HypervisorTest): Promise<void> {
  const state = STATES[outcome.state]
  const reason = outcome.state === 'online' ? null : outcome.reason
  if (looked.seen.state === state && looked.seen.reason === reason) return
  try {
    await app.store.transact(async (tx) => {
      const isConnected = (await gatewaysOf(tx, looked.id)).length > 0
      // What was looked at: with other credentials or without a gateway it says nothing any more.
      if (!isConnected) return
      await tx.update('hypervisor', { ...looked, seen: { state, reason, at: app.clock.now() } })
    })
  } catch (error) {
    if (error instanceof StaleWriteError) return app.activate('hypervisors')
    throw error
  }
  app.log.info({ hypervisor: looked.id, state, reason }, 'a hypervisor changed its state')
  app.activate('machines')
}
