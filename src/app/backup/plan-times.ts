/** When rules of a plan are due. Pure. */
import { parseSchedule, scheduleNext } from '../../domain/backup/cron.ts'
import type { PlanBody } from '../../domain/backup/records.ts'

/** The next runs of all rules together, in order. */
export function nextRunsOf(
  { rules }: Pick<PlanBody, 'rules'>,
  after: number,
  count: number,
): { at: number; ruleId: string }[] {
  const runs: { at: number; ruleId: string }[] = []
  for (const { id: ruleId, schedule, timezone } of rules) {
    const parsed = parseSchedule(schedule)
    let at: number | null = after
    for (let n = 0; n < count; n++) {
      at = scheduleNext(parsed, timezone, at)
      if (at === null) break
      runs.push({ at, ruleId })
    }
  }
  return runs.sort((a, b) => a.at - b.at).slice(0, count)
}

/**
 * The time that is due between when it was last looked at and now: the first one missed, for a machine that was off
 * makes up for many missed times with one run. Null: none.
 */
export function dueOf(
  { schedule, timezone }: { schedule: string; timezone: string },
  lookedAt: number,
  now: number,
): number | null {
  const at = scheduleNext(parseSchedule(schedule), timezone, lookedAt)
  return at !== null && at <= now ? at : null
}
