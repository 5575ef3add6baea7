/**
 * What becomes of recovery points with time: cold, then gone. A deletion takes the content out of the vault first and
 * the record last; nothing that is held or being read goes. Baselines of resources that are no more go too.
 *
 * A clock that is wrong for a while must not cost anybody's points: what is over by the clock goes when it has been
 * over for an hour of this process's life. AWS, too, deletes within hours.
 */
import { coldAt, deleteAt } from '../../domain/backup/lifecycle.ts'
import type { RecoveryPoint } from '../../domain/backup/records.ts'
import { FaultError } from '../../domain/faults.ts'
import type { App } from '../context.ts'
import { anyHost } from './background.ts'
import { reasonOf } from './faults.ts'
import { handlerMust } from './jobs.ts'
import { holdsOn, isInUse } from './points.ts'
import { vaultPlace } from './vault-key.ts'
import { workFollow, workForget } from './work.ts'

/** By point, since when by the monotonic clock it is over by the other one. */
export type OverSince = Map<string, number>

/** Answers how long until it is worth looking again; null: at the loop's own period. */
export async function agesReconcile(
  app: App,
  since: OverSince,
  signal: AbortSignal,
): Promise<number | null> {
  const aging = await app.store.list('backupPoint', { reference: { name: 'aging', value: 'yes' } })
  for (const point of aging) {
    signal.throwIfAborted()
    await ageOne(app, since, point)
  }
  const ids = new Set(aging.map(({ id }) => id))
  for (const id of since.keys()) if (!ids.has(id)) since.delete(id)
  const reference = { name: 'deleting', value: 'yes' }
  let isWaiting = false
  for (const point of await app.store.list('backupPoint', { reference })) {
    signal.throwIfAborted()
    if ((await remove(app, point)) === 'working') isWaiting = true
  }
  await baselinesOfNobody(app, signal)
  return isWaiting ? 500 : null
}

async function ageOne(app: App, since: OverSince, point: RecoveryPoint): Promise<void> {
  const now = app.clock.now()
  const end = deleteAt(point.lifecycle, point.createdAt)
  const isEnd = end !== null && end <= now && point.state !== 'DELETING'
  if (!isEnd) since.delete(point.id)
  else if (!since.has(point.id)) since.set(point.id, performance.now())
  const heldMs = performance.now() - (since.get(point.id) ?? performance.now())
  const isOver = isEnd && heldMs >= app.settings.backupExpiryHoldMs
  const cold = coldAt(point.lifecycle, point.createdAt)
  const isColdNow = cold !== null && cold <= now && !point.isCold
  if (!isOver && !isColdNow) return
  await app.store.transact(async (tx) => {
    const one = await tx.get('backupPoint', point.id)
    // Its lifecycle was changed a moment ago: it is looked at again.
    if (one?.generation !== point.generation) return
    const isHeld = isOver && (await holdsOn(tx, one)).length > 0
    const state = isOver ? (isHeld ? 'EXPIRED' : 'DELETING') : one.state
    const message = isHeld ? 'Kept beyond its lifecycle by a legal hold' : one.message
    const isCold = one.isCold || isColdNow
    if (state === one.state && isCold === one.isCold) return
    await tx.update('backupPoint', { ...one, state, isCold, message })
  })
}

/** `later`: it cannot be for now, and is tried again at the loop's own period. */
async function remove(app: App, point: RecoveryPoint): Promise<'gone' | 'working' | 'later'> {
  if (await isInUse(app, point)) return 'working'
  const vault = await app.store.get('backupVault', point.vaultId)
  const id = `delete/${point.id}`
  if (vault) {
    try {
      const place = await vaultPlace(app, vault)
      const work = { type: 'delete', vault: place, pointId: point.id } as const
      const { outcome } = await workFollow(id, work, anyHost(app))
      if (outcome === null) return 'working'
      await workForget(app, id)
      if (!outcome.isDone) {
        app.log.warn(
          { point: point.id, reason: outcome.reason },
          'a recovery point does not go yet',
        )
        return 'later'
      }
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      app.log.warn({ point: point.id, reason: reasonOf(error) }, 'a recovery point does not go yet')
      return 'later'
    }
  }
  await app.store.transact(async (tx) => {
    const one = await tx.get('backupPoint', point.id)
    if (one?.state !== 'DELETING') return
    if (one.baseline) await handlerMust(one.resourceType).baselineDrop(tx, one)
    await tx.remove('backupPoint', one)
  })
  app.activate('layers')
  return 'gone'
}

/** Layers of what nobody will back up again are kept for nobody. */
async function baselinesOfNobody(app: App, signal: AbortSignal): Promise<void> {
  const reference = { name: 'baseline', value: 'yes' }
  for (const point of await app.store.list('backupPoint', { reference })) {
    signal.throwIfAborted()
    const handler = handlerMust(point.resourceType)
    if (point.baseline === null || (await handler.find(app.store, point, point.resourceArn)))
      continue
    if (await isInUse(app, point)) continue
    await app.store.transact(async (tx) => {
      const one = await tx.get('backupPoint', point.id)
      if (!one?.baseline) return
      await handler.baselineDrop(tx, one)
      await tx.update('backupPoint', { ...one, baseline: null })
    })
    app.activate('layers')
  }
}
