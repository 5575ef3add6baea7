/** One load balancer: where it is reached, its rules in words, its targets and how they are, what it did. */
import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2'
import { GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch'
import type {
  LoadBalancer,
  TargetGroup,
  TargetHealthStateEnum,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { cloudwatch, ec2, wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { healthRead, listenersRead, loadBalancers, targetGroups } from '../../aws/elb.ts'
import { t } from '../../text/t.ts'
import { Chart } from '../../ui/chart.tsx'
import { Card, CopyId, Fact, Note, PageHead, State, type Tone } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { sizeText, timeText } from '../../util/instance.ts'
import { ruleWords } from './words.ts'

const LOOK_MS = 5_000

export default function BalancerPage() {
  const { name = '' } = useParams()
  const { data } = useCollection(loadBalancers)
  const { data: groups = [] } = useCollection(targetGroups)
  const balancer = data?.find((one) => one.LoadBalancerName === name)
  if (!balancer) {
    return (
      <div className="empty">
        {data ? t('There is no load balancer {name} in this region.', { name }) : t('Loading…')}
      </div>
    )
  }
  const arn = balancer.LoadBalancerArn ?? ''
  return (
    <div className="inner">
      <nav aria-label={t('Where you are')} className="small crumbs">
        <Link to="/console/balancers">{t('Load balancers')}</Link> <span className="muted">/</span>{' '}
        {name}
      </nav>
      <PageHead title={name} subtitle={<State name={balancer.State?.Code} />} />
      <Facts balancer={balancer} />
      <Listeners arn={arn} />
      {groups
        .filter((group) => group.LoadBalancerArns?.includes(arn))
        .map((group) => (
          <Targets key={group.TargetGroupArn} group={group} />
        ))}
      <Graphs balancer={balancer} />
    </div>
  )
}

function Facts({ balancer }: { balancer: LoadBalancer }) {
  const path = balancer.LoadBalancerArn?.split('loadbalancer/')[1] ?? ''
  const { data: addresses = [] } = useQuery({
    queryKey: ['balancer addresses', path],
    queryFn: async () => {
      const Filters = [{ Name: 'description', Values: [`ELB ${path}`] }]
      const answer = await ec2().send(new DescribeNetworkInterfacesCommand({ Filters }))
      return (answer.NetworkInterfaces ?? []).map((one) => {
        return one.Association?.PublicIp ?? one.PrivateIpAddress ?? ''
      })
    },
  })
  return (
    <Card>
      <dl className="facts apart">
        <Fact name={t('DNS name')}>
          <CopyId text={balancer.DNSName} />
        </Fact>
        <Fact name={t('Addresses')}>{addresses.join(', ')}</Fact>
        <Fact name={t('Type')}>
          {balancer.Type === 'network' ? t('Network') : t('Application')}
        </Fact>
        <Fact name={t('VPC ID')}>
          <CopyId text={balancer.VpcId} />
        </Fact>
        <Fact name={t('Created')}>{timeText(balancer.CreatedTime)}</Fact>
        <Fact name={t('ARN')}>
          <CopyId text={balancer.LoadBalancerArn} />
        </Fact>
      </dl>
      <p className="muted small">
        {t('Machines in its network know it by its name; from this host use an address.')}
      </p>
    </Card>
  )
}

function Listeners({ arn }: { arn: string }) {
  const { data, error } = useQuery({
    queryKey: ['listeners', arn],
    queryFn: () => listenersRead(arn),
    refetchInterval: LOOK_MS,
  })
  return (
    <Card title={t('Listeners and rules')} isPlain>
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {data?.length === 0 && <div className="empty">{t('It listens to nothing.')}</div>}
      {data && data.length > 0 && (
        <PlainTable
          label={t('Listeners and rules')}
          head={[t('Listener'), t('Priority'), t('Rule')]}
        >
          {data.flatMap(({ listener, rules }) =>
            rules.map((rule) => (
              <tr key={rule.RuleArn}>
                <td>
                  {listener.Protocol} {listener.Port}
                </td>
                <td>{rule.IsDefault ? t('last') : rule.Priority}</td>
                <td>{ruleWords(rule)}</td>
              </tr>
            )),
          )}
        </PlainTable>
      )}
    </Card>
  )
}

const TONES: Partial<Record<TargetHealthStateEnum, Tone>> = {
  healthy: 'good',
  initial: 'busy',
  draining: 'busy',
  unhealthy: 'bad',
}

function Targets({ group }: { group: TargetGroup }) {
  const arn = group.TargetGroupArn ?? ''
  const { data = [], error } = useQuery({
    queryKey: ['target health', arn],
    queryFn: () => healthRead(arn),
    refetchInterval: LOOK_MS,
  })
  const name = group.TargetGroupName ?? ''
  return (
    <Card title={t('Targets of {name}', { name })} isPlain>
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {data.length === 0 ? (
        <div className="empty">{t('No targets are registered.')}</div>
      ) : (
        <PlainTable
          label={t('Targets of {name}', { name })}
          head={[t('Target'), t('Port'), t('Health'), t('Why')]}
        >
          {data.map(({ Target, TargetHealth }) => (
            <tr key={`${Target?.Id} ${Target?.Port}`}>
              <td className="mono">
                {Target?.Id?.startsWith('i-') ? (
                  <Link to={`/console/instances/${Target.Id}`}>{Target.Id}</Link>
                ) : (
                  Target?.Id
                )}
              </td>
              <td>{Target?.Port}</td>
              <td>
                <State
                  name={TargetHealth?.State}
                  tone={TONES[TargetHealth?.State ?? 'unused'] ?? 'idle'}
                />
              </td>
              <td className="muted">{TargetHealth?.Description}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Card>
  )
}

const HOUR_MS = 3_600_000
const count = (value: number): string => Math.round(value).toLocaleString('en')
const WEB = [
  ['requests', 'RequestCount', t('Requests'), count],
  ['bytes', 'ProcessedBytes', t('Bytes'), sizeText],
  ['fresh', 'NewConnectionCount', t('New connections'), count],
] as const
const FLOWS = [
  ['flows', 'NewFlowCount', t('New connections'), count],
  ['bytes', 'ProcessedBytes', t('Bytes'), sizeText],
] as const

function Graphs({ balancer }: { balancer: LoadBalancer }) {
  const isWeb = balancer.Type === 'application'
  const graphs = isWeb ? WEB : FLOWS
  const Value = balancer.LoadBalancerArn?.split('loadbalancer/')[1]
  const { data } = useQuery({
    queryKey: ['balancer metrics', Value],
    refetchInterval: 60_000,
    queryFn: async () => {
      const queries = graphs.map(([Id, MetricName]): MetricDataQuery => ({
        Id,
        MetricStat: {
          Metric: {
            Namespace: isWeb ? 'AWS/ApplicationELB' : 'AWS/NetworkELB',
            MetricName,
            Dimensions: [{ Name: 'LoadBalancer', Value }],
          },
          Period: 60,
          Stat: 'Sum',
        },
      }))
      const answer = await (
        await cloudwatch()
      ).send(
        new GetMetricDataCommand({
          MetricDataQueries: queries,
          StartTime: new Date(Date.now() - HOUR_MS),
          EndTime: new Date(),
          ScanBy: 'TimestampAscending',
        }),
      )
      return answer.MetricDataResults ?? []
    },
  })
  return (
    <>
      <h2>{t('The last hour')}</h2>
      <div className="graphs">
        {graphs.map(([id, , title, format]) => {
          const found = data?.find((one) => one.Id === id)
          return (
            <Card key={id} title={title}>
              <Chart
                label={title}
                times={(found?.Timestamps ?? []).map((time) => time.getTime())}
                lines={[{ name: t('a minute'), values: found?.Values ?? [] }]}
                format={format}
              />
            </Card>
          )
        })}
      </div>
    </>
  )
}
