/**
 * Until when a compliance lock keeps what lies in its vault, told to the place itself: a bucket with Object Lock
 * removes nothing before, whoever asks, root of this host too. From the lock's date on, as the lock itself.
 */
import type { BackupVault, RecoveryPoint } from '../../domain/backup/records.ts'
import { deleteAt } from '../../domain/backup/lifecycle.ts'
import { DAY_MS } from '../../domain/backup/sizes.ts'
import type { App } from '../context.ts'
import { lockIsFinal } from './vaults.ts'

/** Of what is kept without end: so far ahead, told anew each week. A bucket forgets nothing that it was told. */
const ENDLESS_MS = 365 * DAY_MS

type Kept = Pick<RecoveryPoint, 'lifecycle' | 'createdAt'>

/** Never for longer than from now on: a point from the future was made by a clock that was wrong. */
function untilOf({ lifecycle, createdAt }: Kept, now: number): number {
  return deleteAt(lifecycle, Math.min(createdAt, now)) ?? now + ENDLESS_MS
}

/** What work for a new point says of it. */
export function retainedOf(
  { lock }: BackupVault,
  point: Kept,
  now: number,
): { retainUntil?: number } {
  return lockIsFinal(lock, now) ? { retainUntil: untilOf(point, now) } : {}
}

/** Points that are there, as of now: some were there before the lock, some are kept for longer since. */
export async function retainedPoints(
  app: App,
  vault: BackupVault,
): Promise<{ pointId: string; until: number }[]> {
  const now = app.clock.now()
  if (vault.location === null || !lockIsFinal(vault.lock, now)) return []
  const reference = { name: 'vault', value: vault.id }
  const points = await app.store.list('backupPoint', { reference })
  return points
    .filter(({ state }) => state === 'COMPLETED' || state === 'EXPIRED')
    .map((point) => ({ pointId: point.id, until: untilOf(point, now) }))
    .filter(({ until }) => until > now)
}
