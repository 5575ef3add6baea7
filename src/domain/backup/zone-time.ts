/** Wall clocks: what a zone shows at an instant, and which instant shows something. By the platform's zone data. */
export interface WallTime {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
}

const HALF_DAY_MS = 43_200_000
const formats = new Map<string, Intl.DateTimeFormat>()

export function isTimeZone(zone: string): boolean {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

/** @throws RangeError for a zone that there is not. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format === undefined) {
    const numeric = 'numeric' as const
    const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric }
    const options = { ...parts, second: numeric, hourCycle: 'h23', calendar: 'gregory' } as const
    format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone })
    formats.set(zone, format)
  }
  return format
}

export function wallTime(at: number, zone: string): WallTime {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
  }
}

const utcOf = ({ year, month, day, hour, minute }: WallTime): number =>
  Date.UTC(year, month - 1, day, hour, minute)

/**
 * The first instant at which the zone's clocks show it; null when they skip it (they are put forward). What they show
 * twice is taken once.
 */
export function instantOf(wall: WallTime, zone: string): number | null {
  const shown = utcOf(wall)
  const offsetAt = (at: number): number => utcOf(wallTime(at, zone)) - at
  // Whatever the clocks do that day, one of these is the offset before and one after.
  const offsets = [offsetAt(shown - HALF_DAY_MS * 2), offsetAt(shown + HALF_DAY_MS * 2)]
  const instants = offsets
    .map((offset) => shown - offset)
    .filter((at) => at + offsetAt(at) === shown)
  return instants.length === 0 ? null : Math.min(...instants)
}
