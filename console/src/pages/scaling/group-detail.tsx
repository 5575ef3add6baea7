/** A scaling group: how many it has and wants, its instances, what it did and why, what changes its size. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { wordsOf } from '../../aws/clients.ts'
import { groupDesire, groupStory, type ShownGroup } from '../../aws/scaling.ts'
import { t } from '../../text/t.ts'
import { Button, Card, Fact, Note, State } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { ago } from '../../util/instance.ts'

type Story = Awaited<ReturnType<typeof groupStory>>

export function GroupDetail({ group }: { group: ShownGroup }) {
  const name = group.AutoScalingGroupName ?? ''
  // Whatever changes the group changes its story.
  const { Instances: own = [], pooled = [] } = group
  const key = [...own, ...pooled].map((one) => `${one.InstanceId} ${one.LifecycleState}`).join()
  const { data: story, error } = useQuery({
    queryKey: ['scaling story', name, group.DesiredCapacity, key],
    queryFn: () => groupStory(name),
    placeholderData: (before) => before,
  })
  return (
    <>
      <Capacity group={group} />
      <Instances group={group} />
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {story && <Activities story={story} />}
      {story && <Rules story={story} />}
    </>
  )
}

function Capacity({ group }: { group: ShownGroup }) {
  const { MinSize = 0, MaxSize = 0, DesiredCapacity: desired = 0 } = group
  const name = group.AutoScalingGroupName ?? ''
  const pool = group.WarmPoolConfiguration
  const [wrong, setWrong] = useState<string>()
  const set = (wanted: number): void => {
    setWrong(undefined)
    groupDesire(name, wanted).catch((error: unknown) => setWrong(wordsOf(error)))
  }
  const serving = group.Instances?.filter((one) => one.LifecycleState === 'InService').length
  return (
    <Card
      title={t('Capacity of {name}', { name })}
      actions={
        <>
          <Button
            aria-label={t('One fewer')}
            whyNot={desired <= MinSize ? t('It is at its minimum') : undefined}
            onClick={() => set(desired - 1)}
          >
            −
          </Button>
          <Button
            aria-label={t('One more')}
            whyNot={desired >= MaxSize ? t('It is at its maximum') : undefined}
            onClick={() => set(desired + 1)}
          >
            +
          </Button>
        </>
      }
    >
      {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
      <dl className="facts">
        <Fact name={t('Desired')}>{desired}</Fact>
        <Fact name={t('In service')}>{serving}</Fact>
        <Fact name={t('Minimum')}>{MinSize}</Fact>
        <Fact name={t('Maximum')}>{MaxSize}</Fact>
        {pool && (
          <Fact name={t('Warm pool')}>
            {`${group.WarmPoolSize ?? 0} · ${pool.Status ?? pool.PoolState}`}
          </Fact>
        )}
        <Fact name={t('Health check')}>{group.HealthCheckType}</Fact>
        <Fact name={t('Availability Zones')}>{group.AvailabilityZones?.join(', ')}</Fact>
        <Fact name={t('Launch template')}>
          {group.LaunchTemplate?.LaunchTemplateName ??
            group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification
              ?.LaunchTemplateName ??
            group.LaunchConfigurationName}
        </Fact>
        <Fact name={t('Suspended')}>
          {group.SuspendedProcesses?.map((one) => one.ProcessName).join(', ')}
        </Fact>
      </dl>
    </Card>
  )
}

function Instances({ group: { Instances: own = [], pooled = [] } }: { group: ShownGroup }) {
  const all = [...own, ...pooled]
  if (all.length === 0) return null
  const head = [t('Instance ID'), t('State'), t('Health'), t('Zone'), t('Version')]
  return (
    <Card title={t('Instances')} isPlain>
      <PlainTable label={t('Instances')} head={head}>
        {all.map((one) => (
          <tr key={one.InstanceId}>
            <td>
              <Link to={`/console/instances/${one.InstanceId}`}>{one.InstanceId}</Link>
            </td>
            <td>
              <State name={one.LifecycleState} tone={toneOf(one.LifecycleState)} />
            </td>
            <td>{one.HealthStatus}</td>
            <td>{one.AvailabilityZone}</td>
            <td>{one.LaunchTemplate?.Version ?? one.LaunchConfigurationName}</td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}

/** What waits in a warm pool has nothing on its way. */
function toneOf(state = ''): 'good' | 'busy' | 'idle' {
  if (state === 'InService') return 'good'
  return /^Warmed:(Stopped|Hibernated|Running)$/.test(state) ? 'idle' : 'busy'
}

function Activities({ story: { activities } }: { story: Story }) {
  if (activities.length === 0) return null
  const tone = (status?: string) =>
    status === 'Successful' ? 'good' : status === 'Failed' ? 'bad' : 'busy'
  return (
    <Card title={t('Activity history')} isPlain>
      <PlainTable
        label={t('Activity history')}
        head={[t('Status'), t('Description'), t('Cause'), t('Start')]}
      >
        {activities.map((one) => (
          <tr key={one.ActivityId}>
            <td>
              <State name={one.StatusCode} tone={tone(one.StatusCode)} />
            </td>
            <td>{one.Description}</td>
            <td>{one.StatusMessage ?? one.Cause}</td>
            <td className="nowrap">{ago(one.StartTime)}</td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}

function Rules({ story: { policies, schedules, refreshes } }: { story: Story }) {
  if (policies.length + schedules.length + refreshes.length === 0) return null
  return (
    <Card title={t('Automatic scaling')} isPlain>
      <PlainTable label={t('Automatic scaling')} head={[t('Kind'), t('Name'), t('What it does')]}>
        {policies.map((one) => (
          <tr key={one.PolicyARN}>
            <td>{t('Policy')}</td>
            <td>{one.PolicyName}</td>
            <td>{policyWords(one)}</td>
          </tr>
        ))}
        {schedules.map((one) => (
          <tr key={one.ScheduledActionARN}>
            <td>{t('Scheduled action')}</td>
            <td>{one.ScheduledActionName}</td>
            <td>
              {[
                one.Recurrence,
                one.TimeZone,
                one.StartTime?.toLocaleString(),
                t('desired {n}', { n: one.DesiredCapacity ?? '–' }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </td>
          </tr>
        ))}
        {refreshes.map((one) => (
          <tr key={one.InstanceRefreshId}>
            <td>{t('Instance refresh')}</td>
            <td>{ago(one.StartTime)}</td>
            <td>{`${one.Status} · ${one.PercentageComplete ?? 0} %`}</td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}

function policyWords(one: Story['policies'][number]): string {
  const { TargetTrackingConfiguration: tracking } = one
  if (!tracking) return `${one.PolicyType} · ${one.AdjustmentType}`
  const metric =
    tracking.PredefinedMetricSpecification?.PredefinedMetricType ??
    tracking.CustomizedMetricSpecification?.MetricName
  return t('keeps {metric} at {n}', { metric: metric ?? '', n: tracking.TargetValue ?? 0 })
}
