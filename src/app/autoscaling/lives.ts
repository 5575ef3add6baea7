/** Lives of a group's instances, moved on: every step is one transaction with its activity and what it asks of EC2. */
import { advance, advanceAt, type Advance } from '../../domain/autoscaling/advance.ts'
import { isPending, isTerminating, isWarmed } from '../../domain/autoscaling/capacity.ts'
import {
  POOL_STATES,
  type HookWait,
  type ScalingGroup,
  type ScalingInstance,
  type WarmPool,
} from '../../domain/autoscaling/records.ts'
import { terminateDescription } from '../../domain/autoscaling/words.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { instanceStopIn, instanceTerminateIn } from '../instances/lifecycle.ts'
import type { App } from '../context.ts'
import { activityChange, activityInsert } from './activities.ts'
import { hookNotices, instanceNotice, type Notice } from './notify.ts'
import { newUuid } from './scope.ts'
import type { GroupView } from './view.ts'

/** Tags that say which group an instance is of. */
export const GROUP_TAG = 'aws:autoscaling:groupName'

/** From a first failure to the next attempt, doubling: AWS tries again and again, at longer and longer intervals. */
const RETRY_MS_FIRST = 10_000
const RETRY_MS_MAX = 15 * 60_000

export function failuresMore(
  { failures }: Pick<ScalingGroup, 'failures'>,
  now: number,
): ScalingGroup['failures'] {
  const count = (failures?.count ?? 0) + 1
  const pause = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(count - 1, 10))
  return { count, retryAt: now + pause }
}

/** Moves on every instance that can be. @returns whether one was. */
export async function livesStep(app: App, view: GroupView): Promise<boolean> {
  let hasChanged = false
  for (const one of view.instances) {
    const { group, ec2, now } = view
    if (advance({ one, ec2: ec2.get(one.id), group, now }) === null) continue
    const notices = await app.store.transact((tx) => moveOn(app, tx, group.id, one.id))
    for (const notice of notices) notice(app)
    hasChanged = true
  }
  if (hasChanged) app.activate('instances')
  return hasChanged
}

/** Looks again within the transaction: the record may have changed meanwhile. */
async function moveOn(
  app: App,
  tx: StoreTransaction,
  groupId: string,
  id: InstanceId,
): Promise<Notice[]> {
  const group = await tx.get('scalingGroup', groupId)
  const one = await tx.get('scalingInstance', id)
  if (!group || one?.groupId !== groupId) return []
  const ec2 = await tx.get('instance', id)
  const step = advance({ one, ec2, group, now: app.clock.now() })
  return step === null ? [] : stepWrite(app, tx, group, one, step)
}

async function stepWrite(
  app: App,
  tx: StoreTransaction,
  group: ScalingGroup,
  one: ScalingInstance,
  step: Advance,
): Promise<Notice[]> {
  const now = app.clock.now()
  if (step.activity) await activityChange(app, tx, one.activityId, step.activity)
  if (step.isEnd) await instanceTerminateIn(app, tx, one.id)
  if (step.isStop || step.isHibernation) {
    await instanceStopIn(app, tx, one.id, { isHibernated: step.isHibernation ?? false })
  }
  if (step.to === 'gone') {
    await tx.remove('scalingInstance', one)
    if (isTerminating(one) && !isWarmed(one)) await groupMark(tx, group, { scaledAt: now })
    if (one.state === 'Detaching') await tagsDrop(tx, one.id)
    return isTerminating(one) ? [instanceNotice(group, one, 'TERMINATE')] : []
  }
  const { state = one.state } = step.to
  const waits = step.hooks ? waitsOf(app, step.hooks, now) : (step.to.waits ?? one.waits)
  const serves = state === 'InService' && one.state !== 'InService'
  const isReady = isWarmed(one) && (POOL_STATES as readonly string[]).includes(state)
  const next: ScalingInstance = {
    ...one,
    ...step.to,
    waits,
    stateSince: state === one.state ? one.stateSince : now,
    inServiceAt: serves ? now : one.inServiceAt,
    activityId: serves || isReady ? null : one.activityId,
  }
  if (step.isFailure) {
    await failureMark(tx, group, one, now)
    next.activityId = await terminationBegin(app, tx, group, one)
  }
  if (serves) await groupMark(tx, group, { failures: null, scaledAt: now })
  if (isReady) await poolChange(tx, group.id, (pool) => ({ ...pool, failures: null }))
  if (next !== one) await tx.update('scalingInstance', next)
  const notices = step.hooks ? hookNotices(group, next, step.hooks) : []
  if (serves && isPending(one)) notices.push(instanceNotice(group, one, 'LAUNCH'))
  if (step.isFailure) notices.push(instanceNotice(group, one, 'LAUNCH_ERROR'))
  return notices
}

function waitsOf(app: App, hooks: NonNullable<Advance['hooks']>, now: number): HookWait[] {
  return hooks.map(({ name, heartbeatSeconds }) => ({
    hookName: name,
    token: newUuid(app.random),
    startedAt: now,
    until: now + heartbeatSeconds * 1000,
    result: null,
  }))
}

async function failureMark(
  tx: StoreTransaction,
  group: ScalingGroup,
  one: ScalingInstance,
  now: number,
): Promise<void> {
  if (!isWarmed(one)) return groupMark(tx, group, { failures: failuresMore(group, now) })
  await poolChange(tx, group.id, (pool) => ({ ...pool, failures: failuresMore(pool, now) }))
}

/** Nothing when it has none. */
export async function poolChange(
  tx: StoreTransaction,
  groupId: string,
  change: (pool: WarmPool) => WarmPool | null,
): Promise<void> {
  await resourceChange(tx, 'scalingGroup', groupId, (group) =>
    group.warmPool ? { ...group, warmPool: change(group.warmPool) } : undefined,
  )
}

async function groupMark(
  tx: StoreTransaction,
  { id }: ScalingGroup,
  change: Partial<Pick<ScalingGroup, 'failures' | 'scaledAt'>>,
): Promise<void> {
  await resourceChange(tx, 'scalingGroup', id, (group) => ({ ...group, ...change }))
}

async function terminationBegin(
  app: App,
  tx: StoreTransaction,
  group: ScalingGroup,
  one: ScalingInstance,
): Promise<string> {
  const at = new Date(app.clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z')
  const { id } = await activityInsert(app, tx, group, {
    description: terminateDescription(one.id),
    cause: `At ${at} an instance was taken out of service because its launch came to nothing.`,
    status: 'InProgress',
    progress: 0,
    details: detailsOf(one),
  })
  return id
}

export function detailsOf({ zone }: Pick<ScalingInstance, 'zone'>): Record<string, string> {
  return { 'Availability Zone': zone }
}

async function tagsDrop(tx: StoreTransaction, id: InstanceId): Promise<void> {
  await resourceChange(tx, 'instance', id, (instance) => {
    const { [GROUP_TAG]: _gone, ...tags } = instance.tags
    return { ...instance, tags }
  })
}

/** Puts an instance on its way out, with the activity that says why. */
export async function terminationStart(
  app: App,
  tx: StoreTransaction,
  group: ScalingGroup,
  one: ScalingInstance,
  options: { cause: string; isForced?: boolean },
): Promise<void> {
  if (isTerminating(one)) return
  const message = 'The instance was terminated while it was being launched'
  await activityChange(app, tx, one.activityId, { status: 'Cancelled', progress: 100, message })
  const activity = await activityInsert(app, tx, group, {
    description: terminateDescription(one.id),
    cause: options.cause,
    status: 'InProgress',
    progress: 0,
    details: detailsOf(one),
  })
  await tx.update('scalingInstance', {
    ...one,
    state: options.isForced ? 'Terminating:Proceed' : 'Terminating',
    stateSince: app.clock.now(),
    activityId: activity.id,
    waits: [],
  })
}

/** When time alone may change one of the instances; null: never. */
export function livesNextAt({ instances, ec2, group, now }: GroupView): number | null {
  const times = instances
    .map((one) => advanceAt({ one, ec2: ec2.get(one.id), group, now }))
    .filter((at) => at !== null)
  return times.length === 0 ? null : Math.min(...times)
}
