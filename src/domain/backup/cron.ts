/**
 * AWS's schedule expressions: `cron(minutes hours day-of-month month day-of-week year)` with `* , - / ? L W #`, and
 * `rate(n unit)`. Pure. A time that a zone's clocks skip is skipped, one that they show twice comes once, as in
 * EventBridge. Source: EventBridge user guide, "Cron expressions reference"; AWS Backup developer guide, "Backup plan
 * options".
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from './sizes.ts'
import { instantOf, wallTime } from './zone-time.ts'

export type Schedule =
  | { type: 'rate'; periodMs: number }
  | {
      type: 'cron'
      minutes: readonly number[]
      hours: readonly number[]
      months: ReadonlySet<number>
      years: ReadonlySet<number> | null
      day: DayRule
    }

/** Whether a day of a month is one of the schedule's. */
export type DayRule = (date: { year: number; month: number; day: number }) => boolean

export class ScheduleError extends Error {
  override name = 'ScheduleError'
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const YEAR_MIN = 1970
const YEAR_MAX = 2199
const LENGTH_MAX = 256
const RATE_UNITS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
}

/** @throws ScheduleError saying what is wrong with it. */
export function parseSchedule(text: string): Schedule {
  if (text.length > LENGTH_MAX) throw new ScheduleError('it is too long')
  const rate = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(text)
  if (rate) {
    const [, count, unit, plural] = rate as unknown as [string, string, string, string]
    const value = Number(count)
    if (value < 1 || value > 100_000) throw new ScheduleError('a rate is at least 1')
    if ((value === 1) !== (plural === '')) {
      throw new ScheduleError(`write ${value === 1 ? `1 ${unit}` : `${value} ${unit}s`}`)
    }
    return { type: 'rate', periodMs: value * RATE_UNITS[unit]! }
  }
  const cron = /^cron\(([^()]*)\)$/.exec(text)
  if (!cron) throw new ScheduleError('it is neither cron(…) nor rate(…)')
  const fields = cron[1]!.trim().split(/\s+/)
  if (fields.length !== 6) throw new ScheduleError('cron has six fields')
  const [minutes, hours, days, months, weekdays, years] = fields as [string, ...string[]]
  return {
    type: 'cron',
    minutes: [...valuesOf(minutes, { name: 'minutes', min: 0, max: 59 })].sort(ascending),
    hours: [...valuesOf(hours!, { name: 'hours', min: 0, max: 23 })].sort(ascending),
    months: valuesOf(months!, { name: 'month', min: 1, max: 12, names: MONTHS }),
    years: years === '*' ? null : valuesOf(years!, { name: 'year', min: YEAR_MIN, max: YEAR_MAX }),
    day: dayRuleOf(days!, weekdays!),
  }
}

const ascending = (a: number, b: number): number => a - b

interface Field {
  name: string
  min: number
  max: number
  /** Of the first value and those that follow. */
  names?: readonly string[]
}

/** `*`, values, ranges, steps and lists of those. */
function valuesOf(text: string, field: Field): Set<number> {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [range, step, ...more] = part.split('/')
    if (more.length > 0 || range === undefined) throw wrong(field, text)
    const by = step === undefined ? 1 : numberOf(step, { ...field, min: 1, names: [] }, text)
    const [from, to] = boundsOf(range, field, step !== undefined, text)
    for (let value = from; value <= to; value += by) values.add(value)
  }
  return values
}

function boundsOf(range: string, field: Field, hasStep: boolean, text: string): [number, number] {
  if (range === '*') return [field.min, field.max]
  const [first, last, ...more] = range.split('-')
  if (more.length > 0) throw wrong(field, text)
  const from = numberOf(first!, field, text)
  if (last === undefined) return [from, hasStep ? field.max : from]
  const to = numberOf(last, field, text)
  if (to < from) throw new ScheduleError(`the ${field.name} ${text} end before they begin`)
  return [from, to]
}

function numberOf(word: string, field: Field, text: string): number {
  const named = field.names?.indexOf(word.toUpperCase()) ?? -1
  const value = named >= 0 ? named + field.min : /^\d{1,4}$/.test(word) ? Number(word) : NaN
  if (!(value >= field.min && value <= field.max)) throw wrong(field, text)
  return value
}

function wrong(field: Field, text: string): ScheduleError {
  return new ScheduleError(`${text} is no ${field.name}: ${field.min} to ${field.max}`)
}

const DAYS: Field = { name: 'day-of-month', min: 1, max: 31 }
const WEEK: Field = { name: 'day-of-week', min: 1, max: 7, names: WEEKDAYS }

function dayRuleOf(days: string, weekdays: string): DayRule {
  if ((days === '?') === (weekdays === '?')) {
    throw new ScheduleError('one of day-of-month and day-of-week is ?, the other is not')
  }
  return days === '?' ? anyOf(weekdays, weekRule) : anyOf(days, monthRule)
}

function anyOf(text: string, ruleOf: (part: string, text: string) => DayRule): DayRule {
  const rules = text.split(',').map((part) => ruleOf(part, text))
  return (date) => rules.some((rule) => rule(date))
}

const lengthOf = (year: number, month: number): number =>
  new Date(Date.UTC(year, month, 0)).getUTCDate()

/** 1: Sunday. */
const weekdayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1

function monthRule(part: string, text: string): DayRule {
  if (part === 'L') return ({ year, month, day }) => day === lengthOf(year, month)
  const before = /^L-(\d{1,2})$/.exec(part)
  if (before) {
    const count = numberOf(before[1]!, { ...DAYS, min: 0, max: 30 }, text)
    return ({ year, month, day }) => day === lengthOf(year, month) - count
  }
  if (part === 'LW') {
    return ({ year, month, day }) => day === nearestWeekday(year, month, lengthOf(year, month))
  }
  const near = /^(\d{1,2})W$/.exec(part)
  if (near) {
    const wanted = numberOf(near[1]!, DAYS, text)
    return ({ year, month, day }) =>
      wanted <= lengthOf(year, month) && day === nearestWeekday(year, month, wanted)
  }
  const values = valuesOf(part, DAYS)
  return ({ day }) => values.has(day)
}

/** Within the same month. */
function nearestWeekday(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day)
  if (weekday === 7) return day > 1 ? day - 1 : day + 2
  if (weekday === 1) return day < lengthOf(year, month) ? day + 1 : day - 2
  return day
}

function weekRule(part: string, text: string): DayRule {
  if (part === 'L') return ({ year, month, day }) => weekdayOf(year, month, day) === 7
  const last = /^(\w+)L$/.exec(part)
  if (last) {
    const wanted = numberOf(last[1]!, WEEK, text)
    return ({ year, month, day }) =>
      weekdayOf(year, month, day) === wanted && day + 7 > lengthOf(year, month)
  }
  const nth = /^(\w+)#(\d)$/.exec(part)
  if (nth) {
    const wanted = numberOf(nth[1]!, WEEK, text)
    const count = numberOf(nth[2]!, { name: 'week', min: 1, max: 5 }, text)
    return ({ year, month, day }) =>
      weekdayOf(year, month, day) === wanted && Math.ceil(day / 7) === count
  }
  const values = valuesOf(part, WEEK)
  return ({ year, month, day }) => values.has(weekdayOf(year, month, day))
}

/** The first time after `after`; null: never again. Cron's are whole minutes of the zone's clocks. */
export function scheduleNext(schedule: Schedule, zone: string, after: number): number | null {
  if (schedule.type === 'rate') return after + schedule.periodMs
  // A day early: at a change of clocks an instant of yesterday may come after one of today.
  const start = wallTime(after - DAY_MS, zone)
  for (let year = start.year; year <= YEAR_MAX; year++) {
    if (schedule.years && !schedule.years.has(year)) continue
    for (let month = year === start.year ? start.month : 1; month <= 12; month++) {
      if (!schedule.months.has(month)) continue
      const isFirst = year === start.year && month === start.month
      for (let day = isFirst ? start.day : 1; day <= lengthOf(year, month); day++) {
        if (!schedule.day({ year, month, day })) continue
        const found = firstOfDay(schedule, zone, { year, month, day }, after)
        if (found !== null) return found
      }
    }
  }
  return null
}

function firstOfDay(
  { hours, minutes }: Extract<Schedule, { type: 'cron' }>,
  zone: string,
  date: { year: number; month: number; day: number },
  after: number,
): number | null {
  const shown = wallTime(after, zone)
  const { year, month, day, hour: shownHour, minute: shownMinute } = shown
  const shownFrom = Date.UTC(year, month - 1, day, shownHour, shownMinute) - 3 * HOUR_MS
  for (const hour of hours) {
    for (const minute of minutes) {
      // Far before on the zone's clocks, whatever change of theirs lies between.
      if (Date.UTC(date.year, date.month - 1, date.day, hour, minute) < shownFrom) continue
      const at = instantOf({ ...date, hour, minute }, zone)
      if (at !== null && at > after) return at
    }
  }
  return null
}
