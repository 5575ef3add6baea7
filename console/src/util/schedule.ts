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

/** The other way: what the simple choices cannot say is a cron expression still. */
export function choiceOf(expression: string): Choice {
  for (const every of ['hour', 'day', 'week', 'month'] as const) {
    const [, minute = '', hour = '', monthDay = '', weekday = ''] =
      /^cron\((\d{1,2}) (\d{1,2}|\*) (\d{1,2}|\*|\?) \* ([A-Z]{3}|\?) \*\)$/.exec(expression) ?? []
    const two = (text: string): string => text.padStart(2, '0')
    const choice = {
      every,
      at: hour === '*' ? `00:${two(minute)}` : `${two(hour)}:${two(minute)}`,
      weekday: weekday.length === 3 ? weekday : CHOICE.weekday,
      monthDay: Number(monthDay) || 1,
      custom: expression,
    }
    if (minute !== '' && expressionOf(choice) === expression) return choice
  }
  return { ...CHOICE, every: 'custom', custom: expression }
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

/** `Sun, Nov 29, 03:00`, in the plan's own time. */
export function runText(at: Date, timeZone: string): string {
  return at.toLocaleString('en', {
    ...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
    hourCycle: 'h23',
    timeZone,
  })
}
