/**
 * Interfaces on their way into or out of running machines. What comes has its TAP and rules before it is plugged;
 * what goes keeps them until the guest has let go. The wish is in the record until its host has made it so; what a
 * host cannot plug becomes available again, what a guest holds is asked for again each period.
 */
import type { NicFailure } from '../../domain/machine.ts'
import type { NetworkInterface } from '../../domain/network.ts'
import type { App, HostHandle } from '../context.ts'
import { nicOf } from '../instances/machine-spec.ts'

export function createInterfacesReconciler(
  app: App,
  networkApply: (host: HostHandle) => Promise<void>,
): (signal: AbortSignal) => Promise<void> {
  /** Instances being worked on: a guest may take its time, and others do not wait for it. */
  const working = new Set<string>()
  /** Those that were looked at meanwhile, and must be again. */
  const missed = new Set<string>()
  const work = async (instanceId: string, nics: NetworkInterface[], signal: AbortSignal) => {
    working.add(instanceId)
    try {
      await converge(app, networkApply, instanceId, nics, signal)
    } catch (err) {
      if (!signal.aborted) app.log.warn({ err, instance: instanceId }, 'interfaces not changed yet')
    } finally {
      working.delete(instanceId)
      if (missed.delete(instanceId)) app.activate('interfaces')
    }
  }
  return async (signal) => {
    const reference = { name: 'changing', value: 'yes' }
    const changing = await app.store.list('networkInterface', { reference })
    const byInstance = Map.groupBy(changing, (one) => one.attachment!.instanceId as string)
    for (const [instanceId, nics] of byInstance) {
      if (working.has(instanceId)) missed.add(instanceId)
      else void work(instanceId, nics, signal)
    }
  }
}

async function converge(
  app: App,
  networkApply: (host: HostHandle) => Promise<void>,
  instanceId: string,
  nics: readonly NetworkInterface[],
  signal: AbortSignal,
): Promise<void> {
  const instance = await app.store.get('instance', instanceId)
  const host = app.hosts.find((one) => one.description.hostId === instance?.hostId)
  if (!instance || !host) return
  const coming = nics.filter((one) => one.attachment!.change === 'attaching')
  const leaving = nics.filter((one) => one.attachment!.change === 'detaching')
  if (coming.length > 0) await networkApply(host)
  const failures = await host.agent.machineNics({
    instanceId: instance.id,
    attach: coming.map(nicOf),
    detach: leaving.map((one) => one.id),
  })
  signal.throwIfAborted()
  await record(app, nics, failures)
  app.activate('network')
}

async function record(
  app: App,
  asked: readonly NetworkInterface[],
  failures: readonly NicFailure[],
): Promise<void> {
  await app.store.transact(async (tx) => {
    for (const { id, attachment: before } of asked) {
      const one = await tx.get('networkInterface', id)
      const attachment = one?.attachment
      // Changed meanwhile: the machine ended, or another wish overtook this one.
      if (!attachment || attachment.id !== before!.id) continue
      if (attachment.change !== before!.change) continue
      const hasFailed = failures.some((failure) => failure.interfaceId === id)
      if (hasFailed && attachment.change === 'detaching') continue
      const isIn = attachment.change === 'attaching' && !hasFailed
      const { change: _made, ...settled } = attachment
      await tx.update('networkInterface', { ...one, attachment: isIn ? settled : null })
    }
  })
  for (const { interfaceId, reason } of failures) {
    app.log.warn({ interface: interfaceId, reason }, 'an interface could not be changed')
  }
}
