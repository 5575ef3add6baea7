/**
 * Scheduled actions: kept with the time at which they are due next. What was missed while the daemon was off is made up
 * for once. Source: user guide, "Scheduled scaling for Amazon EC2 Auto Scaling".
 */
import { parseRecurrence, recurrenceNext } from '../../domain/autoscaling/cron.ts'
import { within } from '../../domain/autoscaling/capacity.ts'
import {
  isSuspended,
  type GroupSizes,
  type ScalingGroup,
  type ScalingSchedule,
} from '../../domain/autoscaling/records.ts'
import { changing, sizesText, timeText } from '../../domain/autoscaling/words.ts'
import { ScheduleError } from '../../domain/backup/cron.ts'
import { isTimeZone } from '../../domain/backup/zone-time.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { invalid, scalingFault } from './faults.ts'
import { groupGet, newUuid } from './scope.ts'

/** AWS's quota of a group. */
const SCHEDULES_MAX = 125

export interface ScheduleRequest {
  name: string
  startAt: number | null
  endAt: number | null
  recurrence: string | null
  timeZone: string | null
  sizes: Partial<GroupSizes>
}

export async function schedulePut(ctx: Ctx, groupName: string, request: ScheduleRequest) {
  scheduleCheck(request, ctx.app.clock.now())
  return ctx.app.store.transact(async (tx) => {
    await scheduleWrite(ctx, tx, await groupGet(ctx, groupName, tx), request)
  })
}

export interface FailedSchedule {
  name: string
  code: string
  message: string
}

async function scheduleWrite(
  ctx: Ctx,
  tx: StoreTransaction,
  group: ScalingGroup,
  request: ScheduleRequest,
): Promise<void> {
  const reference = { name: 'group', value: group.id }
  const all = await tx.list('scalingSchedule', { reference })
  const found = all.find(({ name }) => name === request.name)
  if (!found && all.length >= SCHEDULES_MAX) {
    throw scalingFault('LimitExceededFault', `A group can have ${SCHEDULES_MAX} scheduled actions.`)
  }
  // What an update does not say stays, as on AWS.
  const kept = found && { startAt: found.startAt, endAt: found.endAt, sizes: found.sizes }
  const next = {
    ...request,
    startAt: request.startAt ?? kept?.startAt ?? null,
    endAt: request.endAt ?? kept?.endAt ?? null,
    recurrence: request.recurrence ?? found?.recurrence ?? null,
    timeZone: request.timeZone ?? found?.timeZone ?? null,
    sizes: { ...kept?.sizes, ...request.sizes },
  }
  const nextAt = nextOf(next, ctx.app.clock.now())
  const same = all.find(
    (one) => one.name !== request.name && one.nextAt !== null && one.nextAt === nextAt,
  )
  if (same) {
    const words = `Another scheduled action, ${same.name}, starts at ${timeText(nextAt!)}`
    throw scalingFault('AlreadyExistsFault', words)
  }
  if (found) await tx.update('scalingSchedule', { ...found, ...next, nextAt })
  else {
    await tx.insert('scalingSchedule', {
      ...baseOf(ctx),
      ...next,
      id: newUuid(ctx.app.random),
      groupId: group.id,
      groupName: group.name,
      nextAt,
    })
  }
}

/** @throws the service's ValidationError. */
function scheduleCheck(request: ScheduleRequest, now: number): void {
  const { startAt, endAt, recurrence, timeZone, sizes } = request
  if (startAt === null && recurrence === null) {
    throw invalid('Either StartTime or Recurrence must be specified')
  }
  if (startAt !== null && startAt < now) throw invalid('Given start time is in the past')
  if (endAt !== null && endAt < now) throw invalid('Given end time is in the past')
  if (startAt !== null && endAt !== null && endAt <= startAt) {
    throw invalid('Given end time is before the start time')
  }
  if (timeZone !== null && !isTimeZone(timeZone))
    throw invalid(`Given time zone ${timeZone} is invalid`)
  const { min, max, desired } = sizes
  if (min === undefined && max === undefined && desired === undefined) {
    throw invalid('At least one of MinSize, MaxSize, DesiredCapacity must be specified')
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw invalid('Min bound, max bound, and desired capacity are invalid: MinSize above MaxSize')
  }
  if (recurrence === null) return
  try {
    parseRecurrence(recurrence)
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error
    throw invalid(`Given recurrence string: ${recurrence} is invalid: ${error.message}`)
  }
}

function nextOf(
  one: Pick<ScalingSchedule, 'startAt' | 'endAt' | 'recurrence' | 'timeZone'>,
  now: number,
): number | null {
  const { startAt, endAt, recurrence, timeZone } = one
  const start = startAt !== null && startAt > now ? startAt : null
  // The start time is the first of a recurring action, whatever its pattern says of it.
  const next =
    recurrence === null ? start : (start ?? recurrenceNext(recurrence, timeZone ?? 'Etc/UTC', now))
  return next !== null && endAt !== null && next > endAt ? null : next
}

/** Each for itself: what cannot be made is said, the others are. */
export async function schedulesPut(
  ctx: Ctx,
  groupName: string,
  requests: readonly ScheduleRequest[],
  failureOf: (error: unknown) => { code: string; message: string },
): Promise<FailedSchedule[]> {
  await groupGet(ctx, groupName)
  const failed: FailedSchedule[] = []
  for (const request of requests) {
    try {
      await schedulePut(ctx, groupName, request)
    } catch (error) {
      failed.push({ name: request.name, ...failureOf(error) })
    }
  }
  return failed
}

/** @returns the names that there are none of. */
export async function schedulesDelete(
  ctx: Ctx,
  groupName: string,
  names: readonly string[],
): Promise<string[]> {
  return ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const all = await tx.list('scalingSchedule', { reference: { name: 'group', value: group.id } })
    const found = all.filter(({ name }) => names.includes(name))
    for (const one of found) await tx.remove('scalingSchedule', one)
    return names.filter((name) => !found.some((one) => one.name === name))
  })
}

export async function schedulesFind(
  ctx: Ctx,
  query: {
    groupName?: string | undefined
    names: readonly string[]
    from?: number | undefined
    to?: number | undefined
  },
): Promise<ScalingSchedule[]> {
  const { groupName, names, from = 0, to = Infinity } = query
  const reader: StoreReader = ctx.app.store
  const all =
    groupName === undefined
      ? await reader.list('scalingSchedule', scopeOf(ctx))
      : await reader.list('scalingSchedule', {
          reference: { name: 'group', value: (await groupGet(ctx, groupName)).id },
        })
  return all.filter(
    ({ name, nextAt, startAt }) =>
      (names.length > 0 ? names.includes(name) : true) &&
      ((from === 0 && to === Infinity) ||
        ((nextAt ?? startAt ?? 0) >= from && (nextAt ?? startAt ?? 0) <= to)),
  )
}

/** Carries out what is due. @returns when the next one is. */
export async function schedulesStep(app: App, groupId: string): Promise<number | null> {
  const now = app.clock.now()
  const reference = { name: 'group', value: groupId }
  for (const { id, nextAt } of await app.store.list('scalingSchedule', { reference })) {
    if (nextAt !== null && nextAt <= now) {
      await app.store.transact((tx) => scheduleRun(app, tx, groupId, id))
    } else if (nextAt === null) {
      // It has had its last time.
      await app.store.transact(async (tx) => {
        const one = await tx.get('scalingSchedule', id)
        if (one?.nextAt === null) await tx.remove('scalingSchedule', one)
      })
    }
  }
  const left = await app.store.list('scalingSchedule', { reference })
  const times = left.map((one) => one.nextAt).filter((at) => at !== null)
  return times.length === 0 ? null : Math.min(...times)
}

async function scheduleRun(
  app: App,
  tx: StoreTransaction,
  groupId: string,
  id: string,
): Promise<void> {
  const now = app.clock.now()
  const one = await tx.get('scalingSchedule', id)
  const group = await tx.get('scalingGroup', groupId)
  if (!one || !group || one.nextAt === null || one.nextAt > now) return
  const nextAt = one.recurrence === null ? null : nextOf(one, now)
  await tx.update('scalingSchedule', { ...one, nextAt })
  if (isSuspended(group, 'ScheduledActions') || group.deletingSince !== null) return
  const before = group.configuration
  const min = one.sizes.min ?? before.min
  const max = Math.max(min, one.sizes.max ?? before.max)
  const desired = within({ min, max }, one.sizes.desired ?? before.desired)
  const said = sizesText({ min, max, desired })
  const sentence =
    `At ${timeText(now)} a scheduled action update of AutoScalingGroup constraints to ${said} ` +
    `${changing(before.desired, desired)}.`
  await tx.update('scalingGroup', {
    ...group,
    configuration: { ...before, min, max, desired },
    cause: desired === before.desired ? group.cause : sentence,
    failures: null,
  })
}
