/** Graphs of the past, from CloudWatch: what `aws cloudwatch get-metric-data` answers. */
import type { Instance } from '@aws-sdk/client-ec2'
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { cloudwatch, wordsOf } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Chart } from '../../ui/chart.tsx'
import { Card, Note } from '../../ui/parts.tsx'
import { sizeText } from '../../util/instance.ts'

type Metric = readonly [id: string, name: string, label: string, stat: 'Average' | 'Sum']

interface Graph {
  title: string
  metrics: readonly Metric[]
  format(value: number): string
}

const percent = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} %`
const count = (value: number): string => Math.round(value).toLocaleString('en')

const GRAPHS: readonly Graph[] = [
  {
    title: t('CPU utilisation'),
    metrics: [['cpu', 'CPUUtilization', t('average'), 'Average']],
    format: percent,
  },
  {
    title: t('Network'),
    metrics: [
      ['nin', 'NetworkIn', t('in'), 'Sum'],
      ['nout', 'NetworkOut', t('out'), 'Sum'],
    ],
    format: sizeText,
  },
  {
    title: t('Disk bytes'),
    metrics: [
      ['rb', 'EBSReadBytes', t('read'), 'Sum'],
      ['wb', 'EBSWriteBytes', t('written'), 'Sum'],
    ],
    format: sizeText,
  },
  {
    title: t('Disk operations'),
    metrics: [
      ['ro', 'EBSReadOps', t('reads'), 'Sum'],
      ['wo', 'EBSWriteOps', t('writes'), 'Sum'],
    ],
    format: count,
  },
  {
    title: t('CPU credits left'),
    metrics: [['credit', 'CPUCreditBalance', t('balance'), 'Average']],
    format: count,
  },
  {
    title: t('Failed status checks'),
    metrics: [['failed', 'StatusCheckFailed', t('failed'), 'Sum']],
    format: count,
  },
]

const HOUR_S = 3_600
const SPANS: readonly [string, number, number][] = [
  [t('1 hour'), HOUR_S, 300],
  [t('3 hours'), 3 * HOUR_S, 300],
  [t('12 hours'), 12 * HOUR_S, 300],
  [t('1 day'), 24 * HOUR_S, 900],
  [t('1 week'), 168 * HOUR_S, HOUR_S],
]
const POLL_MS = 60_000

export function History({ instance }: { instance: Instance }) {
  const { InstanceId = '' } = instance
  const [span, setSpan] = useState(0)
  const [, seconds, wanted] = SPANS[span]!
  // With detailed monitoring there is a value each minute.
  const period = instance.Monitoring?.State === 'enabled' && seconds <= 3 * HOUR_S ? 60 : wanted
  const { data, error } = useQuery({
    queryKey: ['metrics', InstanceId, seconds, period],
    refetchInterval: POLL_MS,
    retry: false,
    queryFn: () => metricsRead(InstanceId, seconds, period),
  })
  return (
    <>
      <div className="row between wrap">
        <h2>{t('History')}</h2>
        <select
          className="input"
          style={{ width: 'auto' }}
          aria-label={t('How far back')}
          value={span}
          onChange={(event) => setSpan(Number(event.target.value))}
        >
          {SPANS.map(([name], n) => (
            <option key={name} value={n}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      <div className="graphs">
        {GRAPHS.map(({ title, metrics, format }) => {
          const times = data?.get(metrics[0]![0])?.map(([at]) => at) ?? []
          return (
            <Card key={title} title={title}>
              {times.length === 0 ? (
                <p className="muted small">{t('No values yet: they come every five minutes.')}</p>
              ) : (
                <Chart
                  label={title}
                  times={times}
                  lines={metrics.map(([id, , name]) => ({
                    name,
                    values: data?.get(id)?.map(([, value]) => value) ?? [],
                  }))}
                  format={format}
                />
              )}
            </Card>
          )
        })}
      </div>
    </>
  )
}

async function metricsRead(
  instanceId: string,
  seconds: number,
  period: number,
): Promise<Map<string, [number, number][]>> {
  const { GetMetricDataCommand } = await import('@aws-sdk/client-cloudwatch')
  const Dimensions = [{ Name: 'InstanceId', Value: instanceId }]
  const queries = GRAPHS.flatMap(({ metrics }) =>
    metrics.map(([Id, MetricName, , Stat]): MetricDataQuery => {
      const Metric = { Namespace: 'AWS/EC2', MetricName, Dimensions }
      return { Id, MetricStat: { Metric, Period: period, Stat } }
    }),
  )
  const EndTime = new Date()
  const StartTime = new Date(EndTime.getTime() - seconds * 1000)
  const command = new GetMetricDataCommand({
    MetricDataQueries: queries,
    StartTime,
    EndTime,
    ScanBy: 'TimestampAscending',
  })
  const { MetricDataResults = [] } = await (await cloudwatch()).send(command)
  return new Map(
    MetricDataResults.map(({ Id = '', Timestamps = [], Values = [] }) => [
      Id,
      Timestamps.map((at, n): [number, number] => [at.getTime(), Values[n] ?? 0]),
    ]),
  )
}
