/** One widget of a dashboard: graphs, numbers, words, alarms. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { alarms } from '../../aws/alarms.ts'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection, useSession } from '../../aws/collection.ts'
import { linesRead, type Line } from '../../aws/dashboards.ts'
import { t } from '../../text/t.ts'
import { Chart } from '../../ui/chart.tsx'
import { Card, Note, State } from '../../ui/parts.tsx'
import { formatOf } from '../alarms/detail.tsx'
import { STATES } from '../alarms/words.ts'
import type { Content, MetricWidget } from './body.ts'
import { Markdown } from './markdown.tsx'

const POLL_MS = 60_000

export function WidgetView({ content, seconds }: { content: Content; seconds: number }) {
  switch (content.type) {
    case 'text':
      return (
        <section className="card" aria-label={t('Text')}>
          <div className="body">
            <Markdown text={content.markdown} />
          </div>
        </section>
      )
    case 'alarm':
      return <AlarmStates title={content.title} names={content.names} />
    case 'metric':
      return <Metric widget={content} seconds={seconds} />
    case 'other':
      return (
        <Card title={content.kind || t('Widget')}>
          <p className="muted">{t('Widgets of this kind are kept, and not drawn here.')}</p>
        </Card>
      )
  }
}

function AlarmStates({ title, names }: { title: string; names: readonly string[] }) {
  const { data, error } = useCollection(alarms)
  return (
    <Card title={title || t('Alarms')}>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      <ul className="plain-list">
        {names.map((name) => {
          const state = STATES[data?.find((one) => one.AlarmName === name)?.StateValue ?? '']
          return (
            <li key={name} className="row between">
              <Link
                className="clip"
                to={`/console/alarms?f=${encodeURIComponent(`Alarm name = ${name}`)}`}
              >
                <bdi>{name}</bdi>
              </Link>
              <State
                name={state?.name ?? (data ? t('is gone') : '…')}
                tone={state?.tone ?? 'idle'}
              />
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

function Metric({ widget, seconds }: { widget: MetricWidget; seconds: number }) {
  const session = useSession()
  const region = widget.region ?? session?.region ?? ''
  const { data, error } = useQuery({
    queryKey: ['widget', region, widget.queries, seconds],
    queryFn: () => linesRead(region, widget.queries, seconds),
    refetchInterval: POLL_MS,
    retry: false,
    enabled: widget.queries.length > 0,
  })
  const names = widget.queries.map(({ MetricStat }) => MetricStat?.Metric?.MetricName ?? '')
  const format = formatOf(new Set(names.filter(Boolean)).size === 1 ? names.find(Boolean)! : '')
  const title = widget.title || names.filter(Boolean).join(', ') || t('Metric')
  const isEmpty = data?.every(({ points }) => points.length === 0) ?? widget.queries.length === 0
  return (
    <Card title={title}>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {!error && isEmpty && <p className="muted small">{t('There are no values of it yet.')}</p>}
      {data && !isEmpty && <Drawn widget={widget} title={title} lines={data} format={format} />}
    </Card>
  )
}

interface DrawnProps {
  widget: MetricWidget
  title: string
  lines: readonly Line[]
  format(value: number): string
}

function Drawn({ widget, title, lines, format }: DrawnProps) {
  const lasts = lines.map((one) => ({ ...one, last: one.points.at(-1)?.[1] }))
  const most = widget.most ?? Math.max(1e-9, ...lasts.map(({ last = 0 }) => last))
  switch (widget.view) {
    case 'timeSeries':
      return (
        <Chart
          label={title}
          {...aligned(lines, widget.isStacked)}
          {...(widget.threshold === undefined ? {} : { threshold: widget.threshold })}
          format={format}
        />
      )
    case 'singleValue':
      return (
        <dl className="numbers">
          {lasts.map(({ id, name, last }) => (
            <div key={id}>
              <dt>{name}</dt>
              <dd>{last === undefined ? '–' : format(last)}</dd>
            </div>
          ))}
        </dl>
      )
    default:
      return (
        <ul className="plain-list">
          {lasts.map(({ id, name, last }) => (
            <li key={id} className="stack tight">
              <div className="row between">
                <span className="clip muted small">{name}</span>
                <span className="nowrap">{last === undefined ? '–' : format(last)}</span>
              </div>
              {widget.view !== 'table' && (
                <div className="bar" aria-hidden>
                  <span style={{ width: `${percentOf(last, most)}%` }} />
                </div>
              )}
            </li>
          ))}
        </ul>
      )
  }
}

const percentOf = (value: number | undefined, most: number): number =>
  Math.min(100, Math.max(0, ((value ?? 0) / most) * 100))

/** At the times of all of them; stacked, each lies upon those before it. */
function aligned(lines: readonly Line[], isStacked: boolean) {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].toSorted(
    (a, b) => a - b,
  )
  const sums = times.map(() => 0)
  return {
    times,
    lines: lines.map(({ name, points }) => {
      const byTime = new Map(points)
      return {
        name,
        values: times.map((at, n) => {
          const value = byTime.get(at)
          if (!isStacked) return value ?? NaN
          sums[n] = sums[n]! + (value ?? 0)
          return sums[n]
        }),
        // What it has itself, where the line is a sum.
        last: points.at(-1)?.[1],
      }
    }),
  }
}
