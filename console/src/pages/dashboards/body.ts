/**
 * A dashboard's body as this console draws it. A body is somebody's text: whatever has another shape than CloudWatch's
 * is left out, and nothing of it is more than text. Pure.
 */
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch'

export type View = 'timeSeries' | 'singleValue' | 'gauge' | 'bar' | 'pie' | 'table'

export interface MetricWidget {
  type: 'metric'
  title: string
  view: View
  isStacked: boolean
  region: string | null
  queries: MetricDataQuery[]
  /** A line across. */
  threshold: number | undefined
  most: number | undefined
}

export type Content =
  | MetricWidget
  | { type: 'text'; markdown: string }
  | { type: 'alarm'; title: string; names: string[] }
  /** Of a kind that is not drawn here. */
  | { type: 'other'; kind: string }

export interface Widget {
  /** Absent: it comes where there is room after those before it. */
  place: { x: number; y: number } | null
  width: number
  height: number
  content: Content
}

const COLUMNS = 24
const WIDGETS_MAX = 500
const QUERIES_MAX = 100
const [WIDTH, HEIGHT] = [6, 6]
const VIEWS: readonly View[] = ['timeSeries', 'singleValue', 'gauge', 'bar', 'pie', 'table']

type Members = Readonly<Record<string, unknown>>

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** @throws SyntaxError for what is no JSON. */
export function widgetsOf(body: string): Widget[] {
  const all = listOf(membersOf(JSON.parse(body)).widgets).slice(0, WIDGETS_MAX)
  return all.map(membersOf).map((one): Widget => {
    const within = (value: unknown, usual: number, most: number): number =>
      Math.min(most, Math.max(0, Math.round(numberOf(value) ?? usual)))
    const width = Math.max(1, within(one.width, WIDTH, COLUMNS))
    return {
      place:
        one.x === undefined
          ? null
          : { x: within(one.x, 0, COLUMNS - width), y: within(one.y, 0, 1000) },
      width,
      height: Math.max(1, within(one.height, HEIGHT, 1000)),
      content: contentOf(textOf(one.type), membersOf(one.properties)),
    }
  })
}

function contentOf(type: string, properties: Members): Content {
  if (type === 'text') return { type, markdown: textOf(properties.markdown) }
  if (type === 'alarm') {
    const arns = listOf(properties.alarms).map(textOf)
    const names = arns.map((arn) => arn.split(':').slice(6).join(':'))
    return { type, title: textOf(properties.title), names }
  }
  if (type !== 'metric') return { type: 'other', kind: type }
  // A graph that is an alarm's: what counts of it is how it is.
  const alarms = listOf(membersOf(properties.annotations).alarms)
  if (properties.metrics === undefined && alarms.length > 0) {
    return contentOf('alarm', { title: properties.title, alarms })
  }
  const across = listOf(membersOf(properties.annotations).horizontal).map(membersOf)
  const view = VIEWS.find((one) => one === properties.view) ?? 'timeSeries'
  return {
    type,
    title: textOf(properties.title),
    view,
    isStacked: properties.stacked === true,
    region: textOf(properties.region) || null,
    queries: queriesOf(properties),
    threshold: across.map((one) => numberOf(one.value)).find((one) => one !== undefined),
    most: numberOf(membersOf(membersOf(properties.yAxis).left).max),
  }
}

/** CloudWatch's shorthand: "." is what stands there in the line above, "..." is all that is missing of it. */
export function queriesOf(properties: Members): MetricDataQuery[] {
  const usual = {
    stat: textOf(properties.stat) || 'Average',
    period: numberOf(properties.period) ?? 300,
  }
  let above: string[] = []
  const queries: MetricDataQuery[] = []
  for (const [n, line] of listOf(properties.metrics).slice(0, QUERIES_MAX).entries()) {
    const parts = [...listOf(line)]
    const options = typeof parts.at(-1) === 'object' ? membersOf(parts.pop()) : {}
    const words = wordsOf(parts.map(textOf), above)
    const [Namespace, MetricName, ...pairs] = words
    const Label = textOf(options.label)
    const base = {
      Id: textOf(options.id) || `line${n}`,
      ReturnData: options.visible !== false,
      ...(Label && { Label }),
    }
    const Expression = textOf(options.expression)
    if (Expression) {
      queries.push({ ...base, Expression, Period: numberOf(options.period) ?? usual.period })
      continue
    }
    if (!Namespace || !MetricName) continue
    above = words
    const Dimensions = []
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      Dimensions.push({ Name: pairs[at]!, Value: pairs[at + 1]! })
    }
    queries.push({
      ...base,
      // What tells the lines apart is what differs: the last dimension, mostly.
      ...(Label
        ? {}
        : { Label: [MetricName, ...(pairs.length > 1 ? [pairs.at(-1)] : [])].join(' ') }),
      MetricStat: {
        Metric: { Namespace, MetricName, Dimensions },
        Stat: textOf(options.stat) || usual.stat,
        Period: numberOf(options.period) ?? usual.period,
      },
    })
  }
  return queries
}

function wordsOf(parts: readonly string[], above: readonly string[]): string[] {
  const at = parts.indexOf('...')
  const whole =
    at < 0
      ? parts
      : [
          ...parts.slice(0, at),
          ...above.slice(at, above.length - (parts.length - at - 1)),
          ...parts.slice(at + 1),
        ]
  return whole.map((word, n) => (word === '.' ? (above[n] ?? '') : word))
}

const SPAN = /^-P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/

/** Of `"start": "-PT3H"`; undefined: it says none, or a moment. */
export function secondsOf(body: string): number | undefined {
  const match = SPAN.exec(textOf(membersOf(JSON.parse(body)).start))
  if (!match) return undefined
  const [, weeks = 0, days = 0, hours = 0, minutes = 0] = match
  return ((+weeks * 7 + +days) * 24 + +hours) * 3_600 + +minutes * 60
}

/** The body with one more widget, beneath all others. */
export function bodyWith(body: string, type: string, properties: Members): string {
  const whole = membersOf(JSON.parse(body))
  const all = listOf(whole.widgets)
  const y = Math.max(0, ...widgetsOf(body).map((one) => (one.place?.y ?? 0) + one.height))
  const widget = { type, x: 0, y, width: 12, height: HEIGHT, properties }
  return JSON.stringify({ ...whole, widgets: [...all, widget] })
}
