/**
 * What vaults need without anybody asking. Once a day chunks that no point needs go. Once a week all is read, so that
 * what has rotted is known before it is needed: a point of which something is damaged is marked and says what; the next
 * backup does not build upon it, and by reading all of the resource writes what is missing again. Points in a vault
 * that is locked for good are retained by the place where they lie (retention.ts). A vault that was deleted is emptied
 * where it lies, and its record goes last.
 */
import type { BackupWork } from '../../domain/backup.ts'
import type { BackupVault } from '../../domain/backup/records.ts'
import { DAY_MS, HOUR_MS } from '../../domain/backup/sizes.ts'
import type { App } from '../context.ts'
import { anyHost, backupHostOf } from './background.ts'
import { retainedPoints } from './retention.ts'
import { lockIsFinal, pointsCount, upkeepSetting, type UpkeepTask } from './vaults.ts'
import { vaultPlace } from './vault-key.ts'
import { workFollow, workForget } from './work.ts'

const COLLECT_MS = DAY_MS
const VERIFY_MS = 7 * DAY_MS
/** Told anew so often: what was written anew by a collection, what is kept without end. */
const RETAIN_MS = 7 * DAY_MS
/** Records of jobs that ended so long ago go. */
const JOBS_KEPT_MS = 400 * DAY_MS
const LOOK_MS = 1_000
const POSTPONE_MS = HOUR_MS

/** Answers how long until it is worth looking again; null: at the loop's own period. */
export async function upkeepReconcile(app: App, signal: AbortSignal): Promise<number | null> {
  let isWorking = false
  for (const vault of await app.store.list('backupVault', {})) {
    signal.throwIfAborted()
    await lockSeen(app, vault)
    if (await isPostponed(app, vault)) continue
    try {
      if (await vaultUpkeep(app, vault)) isWorking = true
    } catch (err) {
      // A key that is disabled, a place that does not answer: the other vaults are looked at all the same.
      app.log.warn({ err, vault: vault.name }, 'a vault could not be looked after')
      await postpone(app, vault)
    }
  }
  await jobsForget(app)
  return isWorking ? LOOK_MS : null
}

/** Once its date has come a lock is for good, whatever the clock says later. */
async function lockSeen(app: App, { id, lock }: BackupVault): Promise<void> {
  if (lock === null || lock.lockedAt === null || lock.isFinal) return
  if (lock.lockedAt > app.clock.now()) return
  await app.store.transact(async (tx) => {
    const vault = await tx.get('backupVault', id)
    if (!vault?.lock?.lockedAt || vault.lock.lockedAt > app.clock.now()) return
    await tx.update('backupVault', { ...vault, lock: { ...vault.lock, isFinal: true } })
  })
}

const postponedSetting = (vault: BackupVault): string => `backup-postponed:${vault.id}`

/** One that could not be looked after is left alone for an hour, rather than asked every half minute. */
async function isPostponed(app: App, vault: BackupVault): Promise<boolean> {
  const at = Number((await app.store.setting(postponedSetting(vault))) ?? 0)
  return at <= app.clock.now() && app.clock.now() - at < POSTPONE_MS
}

async function postpone(app: App, vault: BackupVault): Promise<void> {
  const now = String(app.clock.now())
  await app.store.transact((tx) => tx.settingPut(postponedSetting(vault), now))
}

/** Whether it is at it. */
async function vaultUpkeep(app: App, vault: BackupVault): Promise<boolean> {
  const isGoing = vault.deletedAt !== null
  if ((await app.store.setting(upkeepSetting('collected', vault.id))) === undefined) {
    // One that never held anything lies nowhere.
    if (isGoing) await recordRemove(app, vault)
    return false
  }
  const collects = await periodic(app, vault, 'collected', COLLECT_MS)
  if (isGoing) {
    const { unneededBytes } = await backupHostOf(anyHost(app)).usage(await vaultPlace(app, vault))
    if (!collects && unneededBytes === 0) await recordRemove(app, vault)
    return collects
  }
  if ((await pointsCount(app.store, vault.id)) === 0) return collects
  const isRetained = vault.location !== null && lockIsFinal(vault.lock, app.clock.now())
  const retains = isRetained && (await periodic(app, vault, 'retained', RETAIN_MS))
  return (await periodic(app, vault, 'verified', VERIFY_MS)) || collects || retains
}

/** Whether it is at it: a period after it was last done, or after the vault was first used. */
async function periodic(
  app: App,
  vault: BackupVault,
  task: UpkeepTask,
  periodMs: number,
): Promise<boolean> {
  const now = app.clock.now()
  const name = upkeepSetting(task, vault.id)
  const last = Number((await app.store.setting(name)) ?? 0)
  // A clock that was set back: from here on it counts anew.
  if (last <= now && now - last < periodMs) return false
  const id = `upkeep/${task}/${vault.id}/${last}`
  if (last <= now) {
    const place = await vaultPlace(app, vault)
    const agent = backupHostOf(anyHost(app))
    const isStated = (await agent.workProgress(id)) !== null
    // Times go on while it works: what was stated is not stated otherwise.
    const points = task === 'retained' && !isStated ? await retainedPoints(app, vault) : []
    const works: Record<UpkeepTask, BackupWork> = {
      collected: { type: 'collect', vault: place },
      verified: { type: 'verify', vault: place, pointId: null },
      retained: { type: 'retain', vault: place, points },
    }
    const { outcome } = await workFollow(id, works[task], anyHost(app))
    if (outcome === null) return true
    if (!outcome.isDone) {
      app.log.warn({ vault: vault.name, task, reason: outcome.reason }, 'upkeep of a vault failed')
    } else if (task === 'verified') {
      await damageMark(app, vault, outcome.result.damaged ?? [])
    } else if (outcome.result.notRetained) {
      const reason = outcome.result.notRetained
      app.log.error({ vault: vault.name, reason }, 'a compliance lock binds this API alone')
    }
  }
  await app.store.transact((tx) => tx.settingPut(name, String(now)))
  await workForget(app, id)
  return false
}

async function recordRemove(app: App, vault: BackupVault): Promise<void> {
  await app.store.transact(async (tx) => {
    const now = await tx.get('backupVault', vault.id)
    if (now?.deletedAt) await tx.remove('backupVault', now)
  })
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

/** Once a day; those of tests whose resources are not gone yet stay. */
async function jobsForget(app: App): Promise<void> {
  const now = app.clock.now()
  const name = 'backup-jobs-forgotten'
  const last = Number((await app.store.setting(name)) ?? 0)
  if (last <= now && now - last < DAY_MS) return
  for (const kind of ['backupJob', 'backupCopyJob', 'backupRestoreJob'] as const) {
    for (const job of await app.store.list(kind, {})) {
      if (job.endedAt === null || job.endedAt > now - JOBS_KEPT_MS) continue
      await app.store.transact(async (tx) => {
        const one = await tx.get(kind, job.id)
        if (one) await tx.remove(kind, one)
      })
    }
  }
  await app.store.transact((tx) => tx.settingPut(name, String(now)))
}
