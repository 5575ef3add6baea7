/**
 * The recurrence of a scheduled action: Unix's fields `minute hour day-of-month month day-of-week`, in a time zone.
 * Pure. It is put into AWS Backup's six fields (domain/backup/cron.ts), which has the calendar: where both days are
 * said, either is enough, which is two schedules. Source: user guide, "Scheduled scaling": recurring schedules.
 */
import { parseSchedule, scheduleNext, ScheduleError, type Schedule } from '../backup/cron.ts'

const NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

/** @throws ScheduleError saying what is wrong with it. */
export function parseRecurrence(text: string): Schedule[] {
  const fields = text.trim().split(/\s+/)
  if (fields.length !== 5) throw new ScheduleError('it has five fields')
  const [minutes, hours, days, months, weekdays] = fields as [
    string,
    string,
    string,
    string,
    string,
  ]
  if (/[?LW#()]/i.test([minutes, hours, days, months].join(' ').replaceAll(/[a-z]{3}/gi, ''))) {
    throw new ScheduleError('only numbers, names and * , - / are allowed')
  }
  const cron = (day: string, weekday: string): Schedule =>
    parseSchedule(`cron(${minutes} ${hours} ${day} ${months} ${weekday} *)`)
  if (weekdays === '*') return [cron(days, '?')]
  const ofWeek = cron('?', weekdaysOf(weekdays))
  return days === '*' ? [ofWeek] : [cron(days, '?'), ofWeek]
}

/** 0 to 7, both ends Sunday, or names; as a list of names. */
function weekdaysOf(text: string): string {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^(?:(\*)|(\w{1,3})(?:-(\w{1,3}))?)(?:\/(\d))?$/.exec(part)
    if (!match) throw new ScheduleError(`${text} is no day-of-week: 0 to 7`)
    const [, every, first, last, step] = match
    const from = every ? 0 : numberOf(first!, text)
    const to = every ? 6 : last === undefined ? (step ? 6 : from) : numberOf(last, text)
    const by = step === undefined ? 1 : Number(step)
    if (to < from || by < 1) throw new ScheduleError(`${text} is no day-of-week: 0 to 7`)
    for (let day = from; day <= to; day += by) values.add(day % 7)
  }
  return [...values].map((day) => NAMES[day]).join(',')
}

function numberOf(word: string, text: string): number {
  const named = NAMES.indexOf(word.toUpperCase())
  if (named >= 0) return named
  if (/^[0-7]$/.test(word)) return Number(word)
  throw new ScheduleError(`${text} is no day-of-week: 0 to 7`)
}

/** The first time after `after`; null: never. */
export function recurrenceNext(text: string, zone: string, after: number): number | null {
  const times = parseRecurrence(text)
    .map((schedule) => scheduleNext(schedule, zone, after))
    .filter((at) => at !== null)
  return times.length === 0 ? null : Math.min(...times)
}
