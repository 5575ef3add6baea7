/**
 * What hosts report becomes state here, and nowhere else. An observation older than the wish it would answer is
 * ignored; one that shows the guest's own will (power off) or an accident (the process died) changes the intent.
 */
import { isDeepStrictEqual } from 'node:util'
import type { HostEvent } from '../../agent/protocol.ts'
import { instanceStateOf, type Instance, type InstanceIntent } from '../../domain/instance.ts'
import { volumeAttached, volumeIsLeaving, volumeMaterialised } from '../../domain/volume.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'
import { volumesOf } from '../volumes/of-instance.ts'

/** Events about an instance; what else a host has to say is not for here. */
export type InstanceEvent = Exclude<HostEvent, { type: 'templates' }>

export async function hostEventApply(app: App, event: InstanceEvent): Promise<void> {
  const change = await app.store.transact(async (tx) => {
    const id = event.type === 'machine' ? event.observation.instanceId : event.instanceId
    const before = await tx.get('instance', id)
    if (!before || before.releasedAt !== null) return undefined
    const changed = event.type === 'machine' ? observed(before, event) : reached(before, event)
    if (!changed) return undefined
    const after = isOver(changed) ? { ...changed, releasedAt: app.clock.now() } : changed
    await tx.update('instance', after)
    await belongingsFollow(tx, after)
    return { before, after }
  })
  if (!change) return
  // The reconciler asks once for each serial: what was only seen leaves it nothing to do, and with a thousand machines
  // starting at once it would look at a thousand of them a thousand times.
  if (change.after.intended.serial !== change.before.intended.serial) app.activate('instances')
  const [from, to] = [instanceStateOf(change.before), instanceStateOf(change.after)]
  if (from === to) return
  app.log.info({ instance: change.after.id, from, to }, 'instance changed state')
  app.activate('attachments')
  app.activate('rootTasks')
  app.activate('interfaces')
  if (to !== 'running') app.activate('network')
  if (to === 'terminated') app.activate('volumes')
}

/** Wanted gone, and seen gone by a host that knew of the wish. */
function isOver(instance: Instance): boolean {
  return (
    instance.intended.state === 'terminated' &&
    instance.observedSerial >= instance.intended.serial &&
    instance.observed?.state === 'absent'
  )
}

/** What an instance holds follows its state, in the same transaction. */
async function belongingsFollow(tx: StoreTransaction, instance: Instance): Promise<void> {
  const state = instanceStateOf(instance)
  const mine = { reference: { name: 'instance', value: instance.id } }
  if (state === 'running') {
    for (const volume of await volumesOf(tx, instance.id)) {
      if (!volume.isMaterialised) await tx.update('volume', volumeMaterialised(volume))
    }
  }
  if (state === 'stopped') {
    // The public address goes back to the pool; the next start brings another, as on EC2.
    for (const networkInterface of await tx.list('networkInterface', mine)) {
      if (!networkInterface.publicAddress) continue
      await tx.update('networkInterface', { ...networkInterface, publicAddress: null })
    }
  }
  if (state === 'terminated') {
    for (const volume of await volumesOf(tx, instance.id)) {
      // One that was being detached is its user's again.
      const isGone = volume.attachment?.deleteOnTermination && !volumeIsLeaving(volume)
      const left = volumeAttached(volume, null)
      // With Multi-Attach the last one to have it says whether it stays.
      const intended = isGone && !left.attachment ? 'absent' : volume.intended
      await tx.update('volume', { ...left, intended })
    }
    for (const networkInterface of await tx.list('networkInterface', mine)) {
      if (networkInterface.attachment?.deleteOnTermination) {
        await tx.remove('networkInterface', networkInterface)
      } else {
        const released = { ...networkInterface, attachment: null, publicAddress: null }
        await tx.update('networkInterface', released)
      }
    }
  }
}

type MachineEvent = Extract<HostEvent, { type: 'machine' }>
type ReachabilityEvent = Extract<HostEvent, { type: 'reachability' }>

/** The instance after an observation, or undefined when it says nothing new. */
export function observed(instance: Instance, event: MachineEvent): Instance | undefined {
  const { observation, generation } = event
  if (generation < instance.observedSerial) return undefined
  const isSame =
    generation === instance.observedSerial &&
    observation.state === instance.observed?.state &&
    observation.processId === instance.observed.processId &&
    observation.detail === instance.observed.detail &&
    isDeepStrictEqual(observation.diskErrors ?? {}, instance.observed.diskErrors ?? {})
  if (isSame) return undefined
  const isRunning = observation.state === 'running'
  const next: Instance = {
    ...instance,
    observed: observation,
    observedSerial: generation,
    pinned: observation.pinned ?? instance.pinned,
    ...(isRunning ? {} : { isReachable: false, reachableSince: null, impairedSince: null }),
  }
  const intended = intentAfter(instance, event) ?? wakefulness(instance, event)
  return intended ? { ...next, intended } : next
}

/** The new intent when the machine ended by itself, or undefined. */
function intentAfter(instance: Instance, event: MachineEvent): InstanceIntent | undefined {
  const { observation, generation } = event
  const { intended, spec } = instance
  const isCurrent = generation >= intended.serial
  const hasEnded = observation.state === 'stopped' || observation.state === 'crashed'
  if (intended.state !== 'running' || !isCurrent || !hasEnded) return undefined
  // The end of an earlier stop, told late: the start that followed it is on its way.
  const isOurs = !observation.stopReason || observation.stopReason.startsWith('host-')
  if (isOurs) return undefined
  const base = { ...intended, isForced: false, serial: intended.serial + 1 }
  const since = observation.observedAt
  if (observation.stopReason === 'guest-shutdown') {
    return {
      ...base,
      since,
      state: spec.shutdownBehavior === 'terminate' ? 'terminated' : 'stopped',
      reason: '',
      reasonCode: 'Client.InstanceInitiatedShutdown',
      reasonMessage: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
    }
  }
  // A launch that never ran is terminated, as on EC2; a machine with a history keeps its disks.
  const neverRan = instance.intended.serial === 1 && observation.stopReason === 'start-failed'
  const detail = observation.detail ?? 'the machine ended unexpectedly'
  return {
    ...base,
    since,
    state: neverRan ? 'terminated' : 'stopped',
    reason: 'Server.InternalError',
    reasonCode: 'Server.InternalError',
    reasonMessage: neverRan
      ? `Server.InternalError: Internal error on launch: ${detail}`
      : `Server.InternalError: ${detail}`,
  }
}

/** It was to hibernate and could not, so it was shut down: the reason is told where the state is. */
function wakefulness(instance: Instance, event: MachineEvent): InstanceIntent | undefined {
  const { observation, generation } = event
  const { intended } = instance
  const isOver = observation.state === 'stopped' && generation >= intended.serial
  if (!intended.isHibernated || !isOver || observation.isHibernated) return undefined
  const reasonCode = 'Server.InternalError'
  const reasonMessage = `${reasonCode}: ${observation.detail ?? 'its memory was not saved'}`
  return { ...intended, isHibernated: false, reasonCode, reasonMessage }
}

function reached(instance: Instance, event: ReachabilityEvent): Instance | undefined {
  const isRunning = instance.observed?.state === 'running'
  if (!isRunning || instance.isReachable === event.isReachable) return undefined
  return {
    ...instance,
    isReachable: event.isReachable,
    reachableSince: event.isReachable ? event.at : null,
    impairedSince: event.isReachable ? null : event.at,
  }
}
