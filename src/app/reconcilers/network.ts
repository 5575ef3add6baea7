/** States the networks of every host from the records. The host's fabric does nothing when nothing changed. */
import type { App, HostHandle } from '../context.ts'
import { networkPlans } from '../network/plan.ts'

/**
 * Applies the plans of one host; concurrent calls share one application that starts after the last of them, so a
 * caller's committed change is always in force when its promise resolves.
 */
export function createNetworkApplier(app: App): (host: HostHandle) => Promise<void> {
  const waiting = new Map<HostHandle, Promise<void>>()
  const running = new Map<HostHandle, Promise<void>>()
  return (host) => {
    const queued = waiting.get(host)
    if (queued) return queued
    const next = (async () => {
      await running.get(host)?.catch(() => {})
      waiting.delete(host)
      const work = (async () => {
        const plans = await networkPlans(app.store, host.description.hostId)
        await host.agent.networkEnsure(plans)
      })()
      running.set(host, work)
      await work
    })()
    waiting.set(host, next)
    return next
  }
}
