/**
 * Dashboards: what is stored, and what is wrong with a body. Pure. Errors keep a dashboard from being saved; warnings
 * come with one that is. Source: CloudWatch API reference, "Dashboard Body Structure and Syntax".
 */
import type { ResourceBase } from '../resource.ts'

export interface Dashboard extends ResourceBase<string> {
  name: string
  /** As given: JSON. */
  body: string
  modifiedAt: number
}

export interface DashboardMessage {
  /** Into the body, as a JSON pointer: `/widgets/0/properties`. */
  path: string
  message: string
}

export interface DashboardVerdict {
  errors: DashboardMessage[]
  warnings: DashboardMessage[]
}

const WIDGETS_MAX = 500
const METRICS_MAX = 500
const MESSAGES_MAX = 100
const GRID_COLUMNS = 24
const HEIGHT_MAX = 1000
const WIDGET_TYPES = ['alarm', 'chart', 'custom', 'explorer', 'log', 'metric', 'text', 'trace']
const BODY_MEMBERS = ['end', 'periodOverride', 'start', 'variables', 'widgets']
const WIDGET_MEMBERS = ['height', 'properties', 'type', 'width', 'x', 'y']

type Members = Readonly<Record<string, unknown>>

interface Checker extends DashboardVerdict {
  error(path: string, message: string): void
  warning(path: string, message: string): void
}

export function dashboardArn(account: string, name: string): string {
  return `arn:aws:cloudwatch::${account}:dashboard/${name}`
}

/** The first hundred of each are enough to mend a body by. */
export function dashboardCheck(body: string): DashboardVerdict {
  const errors: DashboardMessage[] = []
  const warnings: DashboardMessage[] = []
  const add = (list: DashboardMessage[]) => (path: string, message: string) => {
    if (list.length < MESSAGES_MAX) list.push({ path, message })
  }
  const checker: Checker = { errors, warnings, error: add(errors), warning: add(warnings) }
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    checker.error('/', 'The field DashboardBody must be a valid JSON object')
    return { errors, warnings }
  }
  if (isMembers(parsed)) bodyCheck(checker, parsed)
  else checker.error('/', 'Should be object')
  return { errors, warnings }
}

function bodyCheck(checker: Checker, body: Members): void {
  const { widgets, start, end, periodOverride, variables } = body
  unknownMembers(checker, '', body, BODY_MEMBERS)
  if (start !== undefined && !isTime(start)) {
    checker.error('/start', 'Should be an ISO 8601 time or a duration such as -PT6H')
  }
  if (end !== undefined && (typeof end !== 'string' || Number.isNaN(Date.parse(end)))) {
    checker.error('/end', 'Should be an ISO 8601 time')
  }
  if (end !== undefined && start === undefined) checker.error('/end', 'Should have start, too')
  if (periodOverride !== undefined)
    oneOf(checker, '/periodOverride', periodOverride, ['auto', 'inherit'])
  if (variables !== undefined && !Array.isArray(variables)) {
    checker.error('/variables', 'Should be array')
  }
  if (widgets === undefined) return checker.error('/', "Should have required property 'widgets'")
  if (!Array.isArray(widgets)) return checker.error('/widgets', 'Should be array')
  if (widgets.length > WIDGETS_MAX) {
    checker.error('/widgets', `Should NOT have more than ${WIDGETS_MAX} items`)
    return
  }
  for (const [index, widget] of widgets.entries()) widgetCheck(checker, `/widgets/${index}`, widget)
}

function widgetCheck(checker: Checker, path: string, widget: unknown): void {
  if (!isMembers(widget)) return checker.error(path, 'Should be object')
  unknownMembers(checker, path, widget, WIDGET_MEMBERS)
  const { type, x, y, width, height, properties } = widget
  if ((x === undefined) !== (y === undefined)) checker.error(path, 'Should have both x and y')
  const within = (name: string, value: unknown, least: number, most: number): void => {
    if (value === undefined || isInteger(value, least, most)) return
    const range = most === Infinity ? `at least ${least}` : `between ${least} and ${most}`
    checker.error(`${path}/${name}`, `Should be an integer, ${range}`)
  }
  within('x', x, 0, GRID_COLUMNS - 1)
  within('y', y, 0, Infinity)
  within('width', width, 1, GRID_COLUMNS)
  within('height', height, 1, HEIGHT_MAX)
  if (type === undefined) return checker.error(path, "Should have required property 'type'")
  if (!oneOf(checker, `${path}/type`, type, WIDGET_TYPES)) return
  if (properties === undefined) {
    return checker.error(path, "Should have required property 'properties'")
  }
  if (!isMembers(properties)) return checker.error(`${path}/properties`, 'Should be object')
  propertiesCheck(checker, `${path}/properties`, type as string, properties)
}

function propertiesCheck(checker: Checker, path: string, type: string, has: Members): void {
  const text = (name: string, isRequired = true): void => {
    if (has[name] === undefined) {
      if (isRequired) checker.error(path, `Should have required property '${name}'`)
    } else if (typeof has[name] !== 'string') checker.error(`${path}/${name}`, 'Should be string')
  }
  if (type === 'text') text('markdown')
  if (type === 'log') {
    text('region')
    text('query')
  }
  if (type === 'custom') text('endpoint')
  if (type === 'alarm') {
    if (has.alarms === undefined) checker.error(path, "Should have required property 'alarms'")
    else if (!isTexts(has.alarms)) checker.error(`${path}/alarms`, 'Should be array of strings')
  }
  if (type === 'explorer' && !Array.isArray(has.metrics)) {
    checker.error(path, "Should have required property 'metrics'")
  }
  text('title', false)
  if (type === 'metric') metricCheck(checker, path, has)
}

function metricCheck(checker: Checker, path: string, has: Members): void {
  const { metrics, annotations, period, view, region } = has
  if (region === undefined) checker.warning(path, "Should have property 'region'")
  else if (typeof region !== 'string') checker.error(`${path}/region`, 'Should be string')
  if (view !== undefined) {
    oneOf(checker, `${path}/view`, view, [
      'timeSeries',
      'singleValue',
      'gauge',
      'bar',
      'pie',
      'table',
    ])
  }
  if (period !== undefined && !isPeriod(period)) {
    checker.error(`${path}/period`, 'Should be 1, 5, 10, 20, 30 or a multiple of 60')
  }
  if (metrics === undefined) {
    // One that shows an alarm has it among its annotations.
    if (annotations === undefined) checker.error(path, "Should have required property 'metrics'")
    return
  }
  if (!Array.isArray(metrics)) return checker.error(`${path}/metrics`, 'Should be array')
  if (metrics.length > METRICS_MAX) {
    return checker.error(`${path}/metrics`, `Should NOT have more than ${METRICS_MAX} items`)
  }
  for (const [index, metric] of metrics.entries()) {
    metricArrayCheck(checker, `${path}/metrics/${index}`, metric)
  }
}

/** `[Namespace, MetricName, DimensionName, DimensionValue …, {Rendering}]`, or `[{ expression }]`. */
function metricArrayCheck(checker: Checker, path: string, metric: unknown): void {
  if (!Array.isArray(metric)) return checker.error(path, 'Should be array')
  if (metric.length === 0) return checker.error(path, 'Should NOT have fewer than 1 items')
  const last: unknown = metric.at(-1)
  const words: unknown[] = isMembers(last) ? metric.slice(0, -1) : metric
  if (words.length === 0) {
    if (typeof (last as Members).expression !== 'string') {
      checker.error(`${path}/0`, "Should have required property 'expression'")
    }
    return
  }
  const index = words.findIndex((word) => typeof word !== 'string')
  if (index >= 0) {
    const message = 'Invalid metric field type, only "String" type is allowed'
    return checker.error(`${path}/${index}`, message)
  }
  // `.` and `...` repeat what the metric before has.
  if (words.includes('...')) return
  if (words.length < 2) checker.error(path, 'Should NOT have fewer than 2 items')
  else if (words.length % 2 === 1) checker.error(path, 'Should have a value for each dimension')
}

function unknownMembers(
  checker: Checker,
  path: string,
  members: Members,
  known: readonly string[],
): void {
  for (const name of Object.keys(members)) {
    if (known.includes(name)) continue
    checker.warning(`${path}/${name.slice(0, 100)}`, 'Should NOT have additional properties')
  }
}

function oneOf(checker: Checker, path: string, value: unknown, of: readonly string[]): boolean {
  const isKnown = typeof value === 'string' && of.includes(value)
  if (!isKnown)
    checker.error(path, `Should be equal to one of the allowed values: ${of.join(', ')}`)
  return isKnown
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isInteger(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function isPeriod(value: unknown): boolean {
  return (
    [1, 5, 10, 20, 30].includes(value as number) ||
    (isInteger(value, 60, 2_592_000) && (value as number) % 60 === 0)
  )
}

function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 100) return false
  return /^-P(?=.)(\d+[YMWD])*(T(\d+[HMS])+)?$/.test(value) || !Number.isNaN(Date.parse(value))
}
