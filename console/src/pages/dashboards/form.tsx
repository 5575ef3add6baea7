/** Making and changing dashboards: the body as CloudWatch has it, checked while it is typed; a graph by its metric. */
import { useState } from 'react'
import { sessionNow } from '../../aws/session.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Field, InputField, SelectField } from '../../ui/parts.tsx'
import { Graph } from '../alarms/detail.tsx'
import { MetricField, metricOf, STATISTICS } from '../alarms/form.tsx'
import { bodyWith, widgetsOf } from './body.ts'

const START = JSON.stringify(
  { widgets: [{ type: 'text', width: 24, height: 2, properties: { markdown: '# Overview' } }] },
  null,
  2,
)

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

function wrongOf(name: string, body: string): string | undefined {
  if (!/^[\w-]{1,255}$/.test(name)) return t('A name of letters, digits, dashes and underscores')
  try {
    widgetsOf(body)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

export function DashboardForm(props: {
  /** Absent: a new one. */
  name?: string
  body?: string
  save(name: string, body: string): Promise<void>
  onClose(): void
}) {
  const [name, setName] = useState(props.name ?? '')
  const [body, setBody] = useState(() => pretty(props.body ?? START))
  const label = props.name === undefined ? t('Create dashboard') : t('Save')
  return (
    <Modal
      title={props.name === undefined ? label : t('Change {name}', { name })}
      isWide
      onClose={props.onClose}
      submit={{ label, whyNot: wrongOf(name, body), run: () => props.save(name, body) }}
    >
      {props.name === undefined && (
        <InputField label={t('Name')} value={name} maxLength={255} onChange={setName} />
      )}
      <Field
        label={t('Body (JSON)')}
        id="dashboard-body"
        hint={t('As CloudWatch has it: widgets of type metric, text and alarm are drawn.')}
      >
        <textarea
          id="dashboard-body"
          className="input"
          rows={18}
          spellCheck={false}
          value={body}
          onChange={(event) => setBody(event.target.value)}
        />
      </Field>
    </Modal>
  )
}

export function AddGraph(props: {
  body: string
  save(body: string): Promise<void>
  onClose(): void
}) {
  const [metric, setMetric] = useState('')
  const [stat, setStat] = useState('Average')
  const [title, setTitle] = useState('')
  const { Namespace = '', MetricName = '', Dimensions = [] } = metric ? metricOf(metric) : {}
  const run = (): Promise<void> => {
    const line = [Namespace, MetricName, ...Dimensions.flatMap(({ Name, Value }) => [Name, Value])]
    const region = sessionNow()?.region
    const properties = { metrics: [line], stat, period: 300, region, ...(title && { title }) }
    return props.save(bodyWith(props.body, 'metric', properties))
  }
  return (
    <Modal
      title={t('Add a graph')}
      isWide
      onClose={props.onClose}
      submit={{ label: t('Add'), run, whyNot: metric ? undefined : t('Choose a metric') }}
    >
      <MetricField value={metric} onChange={setMetric} />
      <div className="fields">
        <SelectField label={t('Statistic')} value={stat} onChange={setStat}>
          {STATISTICS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </SelectField>
        <InputField
          label={t('Title (optional)')}
          value={title}
          maxLength={255}
          onChange={setTitle}
        />
      </div>
      {metric && (
        <Graph
          watched={{ Namespace, MetricName, Dimensions, Stat: stat, Period: 300 }}
          threshold={undefined}
        />
      )}
    </Modal>
  )
}
