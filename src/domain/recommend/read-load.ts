/**
 * How much there is to do, from a sentence: people, requests a second, visitors a day, devices, series, streams;
 * whether it is quiet or steady. Pure; numbers are digits already (numbers.ts).
 */
import type { Understood } from './read-quantities.ts'

export interface Load {
  people?: number
  requestsPerSecond?: number
  /** Open connections, devices. */
  connections?: number
  /** Time series that are written. */
  series?: number
  /** Of video that are converted at a time. */
  streams?: number
  /** Of a mesh. */
  cells?: number
  isQuiet: boolean
  isSteady: boolean
}

const AMOUNT = String.raw`(\d+(?:\.\d+)?|a few|several|a couple of|a dozen|dozens of|hundreds of|a few hundred|thousands of|a few thousand|a few dozen|half a dozen)\s*(k|m|mio|million|millions of|thousand|billion)?\b\.?\+?[- ]*`
const MANY: Readonly<Record<string, number>> = {
  'a few': 4,
  several: 5,
  'a couple of': 2,
  'half a dozen': 6,
  'a dozen': 12,
  'dozens of': 40,
  'a few dozen': 40,
  'hundreds of': 400,
  'a few hundred': 400,
  'thousands of': 4000,
  'a few thousand': 4000,
}
const TIMES: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  m: 1e6,
  mio: 1e6,
  million: 1e6,
  'millions of': 1e6,
  billion: 1e9,
}

const PEOPLE = String.raw`(?:(?:concurrent|simultaneous|active|daily|office|other|internal|more|remote|power|windows|of us) ){0,2}(users?|people|persons?|players?|slots?|students?|pupils?|employees|staff|colleagues|coworkers|customers|friends|kids|children|developers|devs|engineers|analysts|accountants|mailboxes|accounts|seats|members|lawyers|doctors|teachers|schools|shops|tenants|branches|homes|households|viewers|clients|participants|listeners|agents|residents|mitarbeiter|nutzer|benutzer|spieler|schüler|personnes|utilisateurs|joueurs)\b`

/** The largest of such amounts, with its words. */
function largest(text: string, unit: string): { value: number; words: string } | null {
  let found: { value: number; words: string } | null = null
  for (const match of text.matchAll(new RegExp(AMOUNT + unit, 'g'))) {
    const value = (MANY[match[1]!] ?? Number(match[1])) * (match[2] ? TIMES[match[2]]! : 1)
    if (!found || value > found.value) found = { value, words: match[0].trim() }
  }
  return found
}

const PER_SECOND = String.raw`(?:(?!writes?|inserts?|updates?|transactions?|[mgt]i?b|mbit|gbit|metrics?|rows?|frames?)\w+ )?(?:requests?|reqs?|hits|queries|calls|messages|msgs?|events|ops|operations)?\s*(?:per|a|each|\/)\s*(?:second|sec|s)\b`
const RPS = String.raw`(?:rps|qps)\b`
const PER_MINUTE = String.raw`(?:requests?|hits|calls|messages) (?:per|a|each|\/)\s*min(?:ute)?\b`
const VISITORS = String.raw`(?:\w+ )?(?:visitors|visits|page ?views|users|hits|requests|orders|sessions|impressions) (?:(?:per|a|each|every) (day|month|hour)|daily|monthly)`
const DEVICES = String.raw`(?:\w+ )?(?:sensors|devices|connections|sockets|things|meters|clients connected|subscribers|cars|phones)\b`
const SERIES = String.raw`(?:active |time )*series\b`
const STREAMS = String.raw`(?:4k |1080p |hd |uhd |live |video |camera |concurrent )*(?:streams|cameras|transcodes|channels)\b`
const CELLS = String.raw`(?:\w+ )?cells\b`

/** So many people are no small matter, whatever it is called. */
const CROWD = 100
const RATE_MUCH = 100
const AT_ONCE = /\b(?:concurrent(?:ly)?|simultaneous(?:ly)?|at once|at the same time)\b/
const REQUESTS_A_PERSON = 0.1

const QUIET =
  /\b(?:tiny|small|little|hobby|personal|my kids|family|home|club|few (?:users|people|hundred visitors)|side project|toy|low traffic|not much traffic|little traffic|rarely|seldom|idle|idles|mostly idle|nothing to do|now and then|from time to time|occasional(?:ly)?|on weekends|at weekends|once a (?:day|week|month)|sometimes|a couple of hours|(?:few|[1-6]) hours (?:a|per|each|every) (?:day|week)|part of the day|just me|only me|only (?:our|the|my|1) (?!server|machine|database)\w+ uses|used by 1|for myself|1 person|school|homework|thesis|test(?:ing)?|private|doesn'?t need to be fast|need not be fast|not in a hurry|no hurry|no rush|light(?:ly)?(?: load| use)?|low budget|my friends|for friends|few orders|orders per day)\b/
const STEADY =
  /\b(?:24 ?\/ ?7|around the clock|all day(?: long)?|constant(?:ly)?|steady|steadily|sustained|always busy|100 ?% (?:cpu|load)|full load|flat out|pegged|day and night|non-?stop|continuous(?:ly)?|under load)\b/

export function loadOf(text: string): { load: Load; understood: Understood[] } {
  const understood: Understood[] = []
  const read = (unit: string, meaning: (value: number) => string): number | undefined => {
    const found = largest(text, unit)
    if (!found) return undefined
    understood.push({ words: found.words, meaning: meaning(found.value) })
    return found.value
  }
  const visits = visitsOf(text, understood)
  const people =
    visits === undefined ? read(PEOPLE, (value) => `some ${amount(value)} people`) : undefined
  const perMinute = largest(text, PER_MINUTE)
  const perSecond =
    read(RPS, (value) => `${amount(value)} requests a second`) ??
    read(PER_SECOND, (value) => `${amount(value)} requests a second`) ??
    (perMinute ? perMinute.value / 60 : visits)
  const connections = read(DEVICES, (value) => `${amount(value)} devices or connections`)
  const isMuch =
    (people ?? 0) >= CROWD || (perSecond ?? 0) >= RATE_MUCH || (connections ?? 0) >= 1000
  // Of those that are there at the same time, each asks for something now and then.
  const atOnce = AT_ONCE.test(text) ? (people ?? 0) * REQUESTS_A_PERSON : 0
  const rate = perSecond ?? (atOnce > 0 ? atOnce : undefined)
  const load: Load = {
    ...defined('people', people),
    ...defined('requestsPerSecond', rate),
    ...defined(
      'connections',
      read(DEVICES, (value) => `${amount(value)} devices or connections`),
    ),
    ...defined(
      'series',
      read(SERIES, (value) => `${amount(value)} series, some 4 kB of memory each`),
    ),
    ...defined(
      'streams',
      read(STREAMS, (value) => `${amount(value)} streams at a time`),
    ),
    ...defined(
      'cells',
      read(CELLS, (value) => `a mesh of ${amount(value)} cells`),
    ),
    isQuiet: QUIET.test(text) && !isMuch,
    isSteady: STEADY.test(text),
  }
  return { load, understood }
}

const SECONDS = { hour: 3600, day: 86_400, month: 2_592_000 }
/** Requests that one visit makes, and how far the busiest minute is above the mean. */
const REQUESTS_EACH = 10
const PEAK = 5

function visitsOf(text: string, understood: Understood[]): number | undefined {
  const found = largest(text, VISITORS)
  if (!found) return undefined
  const period = /(hour|day|daily|month)/.exec(found.words)![1]!
  const seconds = SECONDS[(period === 'daily' ? 'day' : period) as keyof typeof SECONDS]
  const isVisit = /visit|user|session|page|impression/.test(found.words)
  const rate = (found.value * (isVisit ? REQUESTS_EACH : 1) * PEAK) / seconds
  understood.push({
    words: found.words,
    meaning: `some ${Number(rate.toPrecision(1))} requests a second in the busiest minutes`,
  })
  return rate
}

function defined<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, number>>
}

function amount(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} million`
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}
