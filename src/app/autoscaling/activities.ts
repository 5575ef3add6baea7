/** Activities: what a group does, from its beginning to its end, in the transactions in which it is done. */
import type {
  ActivityStatus,
  ScalingActivity,
  ScalingGroup,
} from '../../domain/autoscaling/records.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'
import { newUuid } from './scope.ts'

/** AWS keeps six weeks; a group that fails all the time must not fill the store. */
const KEPT_MS = 42 * 86_400_000
const KEPT_MAX = 1_000
/** So many are read at once to find the oldest. */
const SLACK = 100
const CAUSE_MAX = 1_023
const MESSAGE_MAX = 255

export interface Begun {
  description: string
  cause: string
  status: ActivityStatus
  progress: number
  details?: Readonly<Record<string, string>>
  message?: string
  isEnded?: boolean
}

export async function activityInsert(
  app: App,
  tx: StoreTransaction,
  group: ScalingGroup,
  begun: Begun,
): Promise<ScalingActivity> {
  const now = app.clock.now()
  await oldestRemove(tx, group.id, now)
  return tx.insert('scalingActivity', {
    id: newUuid(app.random),
    account: group.account,
    region: group.region,
    generation: 0,
    createdAt: now,
    tags: {},
    groupId: group.id,
    groupName: group.name,
    description: begun.description,
    cause: begun.cause.slice(0, CAUSE_MAX),
    startedAt: now,
    endedAt: begun.isEnded ? now : null,
    status: begun.status,
    message: begun.message?.slice(0, MESSAGE_MAX) ?? null,
    progress: begun.progress,
    details: JSON.stringify(begun.details ?? {}),
  })
}

async function oldestRemove(tx: StoreTransaction, groupId: string, now: number): Promise<void> {
  const reference = { name: 'group', value: groupId }
  if ((await tx.count('scalingActivity', { reference })) < KEPT_MAX + SLACK) return
  const all = await tx.list('scalingActivity', { reference })
  const ended = all
    .filter(({ endedAt }) => endedAt !== null)
    .toSorted((a, b) => b.startedAt - a.startedAt)
  for (const [n, one] of ended.entries()) {
    if (n >= KEPT_MAX || one.startedAt < now - KEPT_MS) await tx.remove('scalingActivity', one)
  }
}

/** Nothing when it has ended, or is not known. */
export async function activityChange(
  app: App,
  tx: StoreTransaction,
  id: string | null,
  to: { status: ActivityStatus; progress: number; message?: string },
): Promise<void> {
  const found = id === null ? undefined : await tx.get('scalingActivity', id)
  if (!found || found.endedAt !== null) return
  const isEnded = ['Successful', 'Failed', 'Cancelled'].includes(to.status)
  await tx.update('scalingActivity', {
    ...found,
    status: to.status,
    progress: to.progress,
    message: to.message?.slice(0, MESSAGE_MAX) ?? found.message,
    endedAt: isEnded ? app.clock.now() : null,
  })
}
