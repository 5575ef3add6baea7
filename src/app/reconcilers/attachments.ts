/**
 * Volumes on their way into or out of running machines. The wish is the attachment's state in the record; a host is
 * asked to make it so until it has, and only then the record says `attached`, or nothing any more. What a host cannot
 * plug goes back to being available; what a guest does not let go of stays `busy` and is asked for again each period.
 */
import type { DiskFailure } from '../../domain/machine.ts'
import {
  attachmentsOf,
  volumeAt,
  volumeAttached,
  volumeIsLeaving,
  type Volume,
} from '../../domain/volume.ts'
import type { App } from '../context.ts'
import { diskOf } from '../instances/machine-spec.ts'

export function createAttachmentsReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  /** Instances being worked on: a guest may take its time, and others do not wait for it. */
  const working = new Set<string>()
  /** Those that were looked at meanwhile, and must be again. */
  const missed = new Set<string>()
  const work = async (instanceId: string, volumes: Volume[], signal: AbortSignal) => {
    working.add(instanceId)
    try {
      await converge(app, instanceId, volumes, signal)
    } catch (err) {
      if (!signal.aborted) app.log.warn({ err, instance: instanceId }, 'disks not changed yet')
    } finally {
      working.delete(instanceId)
      if (missed.delete(instanceId)) app.activate('attachments')
    }
  }
  return async (signal) => {
    const reference = { name: 'changing', value: 'yes' }
    const changing = await app.store.list('volume', { reference })
    const each = changing.flatMap((volume) =>
      attachmentsOf(volume)
        .filter(({ state }) => state !== 'attached' && state !== 'replaced')
        .map(({ instanceId }) => volumeAt(volume, instanceId)),
    )
    const byInstance = Map.groupBy(each, (volume) => volume.attachment!.instanceId as string)
    for (const [instanceId, volumes] of byInstance) {
      if (working.has(instanceId)) missed.add(instanceId)
      else void work(instanceId, volumes, signal)
    }
  }
}

async function converge(
  app: App,
  instanceId: string,
  volumes: readonly Volume[],
  signal: AbortSignal,
): Promise<void> {
  const { store } = app
  const instance = await store.get('instance', instanceId)
  const host = app.hosts.find((one) => one.description.hostId === instance?.hostId)
  if (!instance || !host) return
  const leaving = volumes.filter(volumeIsLeaving)
  const coming = volumes.filter((volume) => !volumeIsLeaving(volume))
  const failures = await host.agent.machineDisks({
    instanceId: instance.id,
    attach: await Promise.all(
      coming.map((volume) => diskOf(app, volume, instance.spec.rootDeviceName)),
    ),
    detach: leaving.map((volume) => volume.id),
  })
  signal.throwIfAborted()
  await record(app, volumes, failures)
}

async function record(
  app: App,
  asked: readonly Volume[],
  failures: readonly DiskFailure[],
): Promise<void> {
  await app.store.transact(async (tx) => {
    for (const { id, attachment: before } of asked) {
      const now = await tx.get('volume', id)
      const volume = now && volumeAt(now, before!.instanceId)
      const attachment = volume?.attachment
      // Changed meanwhile: the machine ended and took it along, or let it go.
      if (!attachment || attachment.instanceId !== before!.instanceId) continue
      if (attachment.state !== before!.state) continue
      const hasFailed = failures.some((failure) => failure.volumeId === id)
      const isIn = volumeIsLeaving(volume) ? hasFailed : !hasFailed
      const state = volumeIsLeaving(volume) ? ('busy' as const) : ('attached' as const)
      await tx.update('volume', volumeAttached(volume, isIn ? { ...attachment, state } : null))
    }
  })
  for (const { volumeId, reason } of failures) {
    app.log.warn({ volume: volumeId, reason }, 'a disk could not be changed')
  }
}
