/** Schedules of backup plans: made of simple choices, shown by when they run. What counts is the server's own rule. */
import { parseSchedule, scheduleNext } from '../../../src/domain/backup/cron.ts'

export interface Choice {
  every: 'hour' | 'day' | 'week' | 'month' | 'custom'
  /** `HH:MM`. */
  at: string
  weekday: string
  monthDay: number
  custom: string
}

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const

export const CHOICE: Choice = {
  every: 'day',
  at: '03:00',
  weekday: 'SUN',
  monthDay: 1,
  custom: 'cron(0 3 * * ? *)',
}

export function expressionOf({ every, at, weekday, monthDay, custom }: Choice): string {
  const [hour = 0, minute = 0] = at.split(':').map(Number)
  switch (every) {
    case 'hour':
      return `cron(${minute} * * * ? *)`
    case 'day':
      return `cron(${minute} ${hour} * * ? *)`
    case 'week':
      return `cron(${minute} ${hour} ? * ${weekday} *)`
    case 'month':
      return `cron(${minute} ${hour} ${monthDay} * ? *)`
    case 'custom':
      return custom.trim()
  }
}

/** The next times, or what is wrong with the expression. */
export function nextRuns(
  expression: string,
  zone: string,
  after: number,
  count: number,
): Date[] | string {
  try {
    const schedule = parseSchedule(expression)
    const runs: Date[] = []
    for (let at: number | null = after; runs.length < count;) {
      at = scheduleNext(schedule, zone, at)
      if (at === null) break
      runs.push(new Date(at))
    }
    return runs
  } catch (error) {
    return (error as Error).message
  }
}
