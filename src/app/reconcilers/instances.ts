/**
 * Brings instances from what is seen to what is wanted: networks first, then machines. What comes of it arrives as
 * events (instances/observe.ts). Takes no input: it looks at every unsettled instance, and at
 * whatever the hosts run that nobody wants.
 */
import { associationOf } from '../iam/instance-profiles.ts'
import type { Instance } from '../../domain/instance.ts'
import type { App, HostHandle } from '../context.ts'
import { machineSpecOf } from '../instances/machine-spec.ts'

/** Asks sent to hosts at once; a host queues per machine itself. */
const ASKS_AT_ONCE_MAX = 32

export interface InstancesReconciler {
  reconcile(signal: AbortSignal): Promise<void>
}

export function createInstancesReconciler(
  app: App,
  networkApply: (host: HostHandle) => Promise<void>,
): InstancesReconciler {
  /** Serial last sent to a host by instance; a restart forgets it and everything is asked again. */
  const asked = new Map<string, number>()
  let hasAdopted = false
  return {
    reconcile: async (signal) => {
      if (!hasAdopted) {
        await adopt(app, asked)
        hasAdopted = true
      }
      const unsettled = await app.store.list('instance', {
        reference: { name: 'unsettled', value: 'yes' },
      })
      const due = unsettled.filter(
        (instance) => asked.get(instance.id) !== instance.intended.serial,
      )
      for (const host of app.hosts) {
        const mine = due.filter((instance) => instance.hostId === host.description.hostId)
        if (mine.length > 0) await askAll(app, host, mine, asked, networkApply, signal)
      }
      await purge(app, asked)
    },
  }
}

async function askAll(
  app: App,
  host: HostHandle,
  instances: readonly Instance[],
  asked: Map<string, number>,
  networkApply: (host: HostHandle) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const starting = instances.filter((instance) => instance.intended.state === 'running')
  // A machine's TAP must be there before it starts; those that stop keep theirs until they are gone.
  if (starting.length > 0) {
    await Promise.all([
      networkApply(host),
      eachOf(starting, async (instance) => {
        await host.agent.machinePrepare(await machineSpecOf(app, instance))
      }),
    ])
  }
  await eachOf(instances, async (instance) => {
    signal.throwIfAborted()
    const spec = await machineSpecOf(app, instance)
    await host.agent.machineEnsure(spec)
    asked.set(instance.id, instance.intended.serial)
  })
}

/** All of them, a few at once; @throws the first failure when all have ended. */
async function eachOf(
  instances: readonly Instance[],
  act: (instance: Instance) => Promise<void>,
): Promise<void> {
  const queue = [...instances]
  const worker = async (): Promise<void> => {
    for (let instance = queue.shift(); instance; instance = queue.shift()) await act(instance)
  }
  const workers = Math.min(ASKS_AT_ONCE_MAX, queue.length)
  const results = await Promise.allSettled(Array.from({ length: workers }, worker))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

/**
 * After a start of ours: every live instance is stated again, so that the hosts' reports get a generation.
 */
async function adopt(app: App, asked: Map<string, number>): Promise<void> {
  asked.clear()
  const live = await app.store.list('instance', { reference: { name: 'live', value: 'yes' } })
  const known = new Map(live.map((instance) => [instance.id, instance]))
  const kept = await app.store.list('instance', { reference: { name: 'released', value: 'yes' } })
  const shown = new Set<string>(kept.map((instance) => instance.id))
  for (const host of app.hosts) {
    for (const machine of await host.agent.machineList()) {
      if (known.has(machine.instanceId) || shown.has(machine.instanceId)) continue
      // Records come before machines, so this is another database's machine: somebody's data, not ours to end.
      app.log.error({ machine }, 'a machine that no record knows is left alone')
    }
  }
  for (const instance of live) {
    const host = app.hosts.find((h) => h.description.hostId === instance.hostId)
    if (!host || instance.observedSerial === 0) continue
    // Settled ones are not asked by the loop, yet their host must know what is wanted of them.
    const spec = await machineSpecOf(app, instance)
    await host.agent.machineEnsure(spec)
    asked.set(instance.id, instance.intended.serial)
  }
}

/** Terminated instances vanish an hour after they were released, and their console log with them. */
async function purge(app: App, asked: Map<string, number>): Promise<void> {
  const before = app.clock.now() - app.settings.terminatedVisibleMs
  const released = await app.store.list('instance', {
    reference: { name: 'released', value: 'yes' },
  })
  for (const instance of released) {
    if (instance.releasedAt! > before) continue
    const host = app.hosts.find((h) => h.description.hostId === instance.hostId)
    await host?.agent.machineForget(instance.id)
    await app.store.transact(async (tx) => {
      const now = await tx.get('instance', instance.id)
      if (now) await tx.remove('instance', now)
      const association = await associationOf(tx, instance.id)
      if (association) await tx.remove('profileAssociation', association)
    })
    asked.delete(instance.id)
  }
}
