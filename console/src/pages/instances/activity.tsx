/** Who did what to it, by the event history; and what happened to it, as far as its record says. */
import type { Instance } from '@aws-sdk/client-ec2'
import { t } from '../../text/t.ts'
import { Card } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { TrailList } from '../../ui/trail-list.tsx'
import { timeText } from '../../util/instance.ts'

interface Event {
  at: Date | undefined
  words: string
}

/** `User initiated (2026-11-23 08:00:00 GMT)`. */
function transitionOf({ StateTransitionReason: text = '' }: Instance): Event[] {
  const match = /^(.*) \((.+ GMT)\)$/.exec(text)
  return match ? [{ at: new Date(match[2]!), words: match[1]! }] : []
}

export function eventsOf(instance: Instance): Event[] {
  const disks = (instance.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
    at: Ebs?.AttachTime,
    words: t('{volume} attached as {device}', {
      volume: Ebs?.VolumeId ?? '',
      device: DeviceName ?? '',
    }),
  }))
  const nics = (instance.NetworkInterfaces ?? []).map((one) => ({
    at: one.Attachment?.AttachTime,
    words: t('{nic} attached', { nic: one.NetworkInterfaceId ?? '' }),
  }))
  const launch = { at: instance.LaunchTime, words: t('Launched') }
  return [launch, ...disks, ...nics, ...transitionOf(instance)].toSorted(
    (a, b) => (b.at?.getTime() ?? 0) - (a.at?.getTime() ?? 0),
  )
}

export function Activity({ instance }: { instance: Instance }) {
  const { InstanceId = '' } = instance
  const about = { user: '', operation: '', resource: InstanceId }
  return (
    <>
      <Card title={t('Calls about it')} isPlain>
        <TrailList filter={{ ...about, seconds: null, isErrorsOnly: false }} without={InstanceId} />
      </Card>
      <Card title={t('What happened to it')} isPlain>
        <PlainTable label={t('What happened to it')}>
          {eventsOf(instance).map(({ at, words }) => (
            <tr key={`${at?.getTime()} ${words}`}>
              <td className="nowrap muted">{timeText(at)}</td>
              <td className="nowrap">{words}</td>
            </tr>
          ))}
        </PlainTable>
      </Card>
    </>
  )
}
