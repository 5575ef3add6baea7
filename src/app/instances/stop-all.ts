/** Stops every running instance of every account and waits for it: for an orderly end of the whole cloud. */
import { instanceStateOf } from '../../domain/instance.ts'
import type { RunningApp } from '../app.ts'

/** Guests get their grace, then they are forced; more than that is a fault of ours. */
const STOP_ALL_TIMEOUT_MS = 120_000
const LOOK_MS = 100

export async function instancesStopAll(app: RunningApp): Promise<void> {
  const live = { reference: { name: 'live', value: 'yes' } }
  await app.store.transact(async (tx) => {
    for (const instance of await tx.list('instance', live)) {
      if (instance.intended.state !== 'running') continue
      const { intended } = instance
      await tx.update('instance', {
        ...instance,
        intended: {
          ...intended,
          state: 'stopped',
          serial: intended.serial + 1,
          since: app.clock.now(),
          reason: 'Server.ScheduledStop',
          reasonCode: 'Server.ScheduledStop',
          reasonMessage: 'Server.ScheduledStop: the cloud was shut down with its instances',
        },
      })
    }
  })
  app.activate('instances')
  const until = app.clock.now() + STOP_ALL_TIMEOUT_MS
  for (;;) {
    const left = (await app.store.list('instance', live)).filter(
      (instance) => !['stopped', 'terminated'].includes(instanceStateOf(instance)),
    )
    if (left.length === 0) return
    if (app.clock.now() > until) {
      throw new Error(`still running: ${left.map((instance) => instance.id).join(', ')}`)
    }
    await app.clock.wait(LOOK_MS)
  }
}
