/** Bodies of dashboards: what is wrong with one, and where. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dashboardCheck } from '../../../src/domain/metrics/dashboard.ts'

const metric = (properties: object) => ({ type: 'metric', properties })
const text = { type: 'text', x: 0, y: 7, width: 3, height: 3, properties: { markdown: 'Hello' } }
const good = metric({ metrics: [['AWS/EC2', 'CPUUtilization', 'InstanceId', 'i-1']], region: 'r' })

test.each([
  ['an empty one', { widgets: [] }],
  ['the manual', { start: '-PT6H', periodOverride: 'inherit', widgets: [good, text] }],
  ['a time', { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z', widgets: [] }],
  [
    'repetition',
    { widgets: [metric({ metrics: [['...', 'i-2', { stat: 'p90' }]], region: 'r' })] },
  ],
  ['math', { widgets: [metric({ metrics: [[{ expression: 'm1/2', id: 'e' }]], region: 'r' })] }],
  ['alarms', { widgets: [{ type: 'alarm', properties: { alarms: ['arn:x'] } }] }],
])('%s is right', (_name, body) => {
  expect(dashboardCheck(JSON.stringify(body))).toEqual({ errors: [], warnings: [] })
})

test.each([
  ['/', '{'],
  ['/', '[]'],
  ['/', 'null'],
  ['/', '{}'],
  ['/widgets', { widgets: {} }],
  ['/widgets', { widgets: Array.from({ length: 501 }, () => text) }],
  ['/start', { start: '-P', widgets: [] }],
  ['/end', { end: '2026-01-01T00:00:00Z', widgets: [] }],
  ['/periodOverride', { periodOverride: 'never', widgets: [] }],
  ['/widgets/0', { widgets: [7] }],
  ['/widgets/0', { widgets: [{ properties: {} }] }],
  ['/widgets/0/type', { widgets: [{ type: 'pie', properties: {} }] }],
  ['/widgets/1', { widgets: [text, { type: 'text' }] }],
  ['/widgets/0', { widgets: [{ ...text, y: undefined }] }],
  ['/widgets/0/x', { widgets: [{ ...text, x: 24 }] }],
  ['/widgets/0/width', { widgets: [{ ...text, width: 25 }] }],
  ['/widgets/0/height', { widgets: [{ ...text, height: 0 }] }],
  ['/widgets/0/properties', { widgets: [{ type: 'text', properties: {} }] }],
  ['/widgets/0/properties/period', { widgets: [metric({ metrics: [], region: 'r', period: 61 })] }],
  ['/widgets/0/properties/metrics/0', { widgets: [metric({ metrics: [['A']], region: 'r' })] }],
  ['/widgets/0/properties/metrics/0', { widgets: [metric({ metrics: ['A'], region: 'r' })] }],
  [
    '/widgets/0/properties/metrics/0/1',
    { widgets: [metric({ metrics: [['A', 1]], region: 'r' })] },
  ],
])('wrong at %s: %j', (path, body) => {
  const { errors } = dashboardCheck(typeof body === 'string' ? body : JSON.stringify(body))
  expect(errors.map((one) => one.path)).toEqual([path])
})

test('what is odd is a warning; a hundred messages are enough', () => {
  const { errors, warnings } = dashboardCheck(
    JSON.stringify({ colour: 'red', widgets: [metric({ metrics: [] })] }),
  )
  expect(errors).toEqual([])
  expect(warnings.map(({ path }) => path)).toEqual(['/colour', '/widgets/0/properties'])
  const many = JSON.stringify({ widgets: Array.from({ length: 400 }, () => ({ type: 'text' })) })
  expect(dashboardCheck(many).errors).toHaveLength(100)
})

test('any JSON has a verdict', () => {
  fc.assert(fc.property(fc.json(), (body) => void dashboardCheck(body)))
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      dashboardCheck(JSON.stringify({ widgets: [value, { type: 'metric', properties: value }] }))
    }),
  )
})
