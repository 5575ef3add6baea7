/**
 * Vaults are read whole once a week, so that what has rotted is known before it is needed. A point of which something
 * is damaged or missing is marked and says what; the next backup does not build upon it, and by reading all of the
 * resource writes what is missing again.
 */
import type { BackupVault } from '../../domain/backup/records.ts'
import { DAY_MS } from '../../domain/backup/sizes.ts'
import type { App } from '../context.ts'
import { anyHost } from './background.ts'
import { pointsCount } from './vaults.ts'
import { vaultPlace } from './vault-key.ts'
import { workFollow } from './work.ts'

const PERIOD_MS = 7 * DAY_MS

/** Answers how long until it is worth looking again; null: at the loop's own period. */
export async function scrubReconcile(app: App, signal: AbortSignal): Promise<number | null> {
  let isWorking = false
  for (const vault of await app.store.list('backupVault', {})) {
    signal.throwIfAborted()
    try {
      if (await scrub(app, vault)) isWorking = true
    } catch (err) {
      // A key that is disabled, a place that does not answer: the other vaults are looked at all the same.
      app.log.warn({ err, vault: vault.name }, 'a vault could not be verified')
    }
  }
  return isWorking ? 1_000 : null
}

const settingOf = (vault: BackupVault): string => `backup-verified:${vault.id}`

/** Whether it is at it. */
async function scrub(app: App, vault: BackupVault): Promise<boolean> {
  const now = app.clock.now()
  const last = Number((await app.store.setting(settingOf(vault))) ?? vault.createdAt)
  if (now - last < PERIOD_MS || (await pointsCount(app.store, vault.id)) === 0) return false
  const id = `verify/${vault.id}/${Math.floor(now / PERIOD_MS)}`
  const place = await vaultPlace(app, vault)
  const work = { type: 'verify', vault: place, pointId: null } as const
  const { outcome } = await workFollow(id, work, anyHost(app))
  if (outcome === null) return true
  if (outcome.isDone) await damageMark(app, vault, outcome.result.damaged ?? [])
  else app.log.warn({ vault: vault.name, reason: outcome.reason }, 'a vault could not be verified')
  await app.store.transact((tx) => tx.settingPut(settingOf(vault), String(now)))
  return false
}

/** What is damaged now, and what is whole again. */
export async function damageMark(
  app: App,
  vault: BackupVault,
  damaged: readonly { pointId: string; reason: string }[],
): Promise<void> {
  const reference = { name: 'vault', value: vault.id }
  for (const { id } of await app.store.list('backupPoint', { reference })) {
    const reasons = damaged.filter((one) => one.pointId === id).map((one) => one.reason)
    const damage = reasons.length > 0 ? `Damaged: ${reasons.join('; ').slice(0, 400)}` : null
    await app.store.transact(async (tx) => {
      const point = await tx.get('backupPoint', id)
      if (!point || point.damage === damage || point.state === 'CREATING') return
      await tx.update('backupPoint', { ...point, damage })
    })
    if (damage)
      app.log.error({ vault: vault.name, point: id, damage }, 'a recovery point is damaged')
  }
}
