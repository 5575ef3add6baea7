/** Beneath the table: what one wants to know of the instance that is chosen. */
import type { Instance } from '@aws-sdk/client-ec2'
import { Link } from 'react-router'
import { t } from '../../text/t.ts'
import { Card, CopyId, Fact, State } from '../../ui/parts.tsx'
import { timeText, titleOf } from '../../util/instance.ts'

export function Brief({ instance }: { instance: Instance }) {
  return (
    <Card
      title={<Link to={`/console/instances/${instance.InstanceId}`}>{titleOf(instance)}</Link>}
      actions={<State name={instance.State?.Name} />}
    >
      <dl className="facts">
        <Fact name={t('Public IPv4')}>
          <CopyId text={instance.PublicIpAddress} />
        </Fact>
        <Fact name={t('Private IPv4')}>
          <CopyId text={instance.PrivateIpAddress} />
        </Fact>
        <Fact name={t('Instance type')}>{instance.InstanceType}</Fact>
        <Fact name={t('Security groups')}>
          {instance.SecurityGroups?.map((group) => group.GroupName).join(', ')}
        </Fact>
        <Fact name={t('Launched')}>{timeText(instance.LaunchTime)}</Fact>
        <Fact name={t('Why it is in this state')}>{instance.StateTransitionReason}</Fact>
      </dl>
    </Card>
  )
}
