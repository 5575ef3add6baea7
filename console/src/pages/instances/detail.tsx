/** One instance: what it is, how it is, who can reach it, what it has; in tabs that the address names. */
import type { Instance } from '@aws-sdk/client-ec2'
import { useEffect, type ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { instances } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { ButtonLink, Card, CopyId, Fact, Note, PageHead, State } from '../../ui/parts.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { ago, timeText, titleOf } from '../../util/instance.ts'
import { InstanceActions } from './actions.tsx'
import { Activity } from './activity.tsx'
import { ConsoleLog } from './console-log.tsx'
import { Monitoring } from './monitoring.tsx'
import { Networking } from './networking.tsx'
import { Security } from './security.tsx'
import { Status } from './status.tsx'
import { Storage } from './storage.tsx'
import { Tags } from './tags.tsx'

const TABS: readonly [string, string, (instance: Instance) => ReactNode][] = [
  ['details', t('Details'), (instance) => <Details instance={instance} />],
  ['status', t('Status'), (instance) => <Status instance={instance} />],
  ['monitoring', t('Monitoring'), (instance) => <Monitoring instance={instance} />],
  ['security', t('Security'), (instance) => <Security instance={instance} />],
  ['networking', t('Networking'), (instance) => <Networking instance={instance} />],
  ['storage', t('Storage'), (instance) => <Storage instance={instance} />],
  ['console', t('Console log'), (instance) => <ConsoleLog instance={instance} />],
  ['tags', t('Tags'), (instance) => <Tags instance={instance} />],
  ['activity', t('Activity'), (instance) => <Activity instance={instance} />],
]

export default function InstancePage() {
  const { id = '', tab = 'details' } = useParams()
  const { data, error } = useCollection(instances)
  const instance = data?.find((one) => one.InstanceId === id)
  const title = instance ? titleOf(instance) : id
  useEffect(() => {
    document.title = `${title} · Brume`
  }, [title])
  if (error && !instance) {
    return (
      <div className="inner">
        <PageHead title={id} />
        <Note tone="warn">{wordsOf(error)}</Note>
      </div>
    )
  }
  if (!instance) {
    return (
      <div className="empty">
        {data === undefined ? (
          t('Loading…')
        ) : (
          <>
            <h1>{t('There is no instance {id} in this region', { id })}</h1>
            <ButtonLink to="/console/instances">{t('All instances')}</ButtonLink>
          </>
        )}
      </div>
    )
  }
  const shown = TABS.find(([name]) => name === tab) ?? TABS[0]!
  return (
    <div className="inner">
      <nav aria-label={t('Where you are')} className="small crumbs">
        <Link to="/console/instances">{t('Instances')}</Link> <span className="muted">/</span>{' '}
        <span className="mono">{id}</span>
      </nav>
      <PageHead
        title={
          <span className="row wrap" style={{ gap: 12 }}>
            <bdi>{title}</bdi> <State name={instance.State?.Name} />
          </span>
        }
        subtitle={`${instance.InstanceType}, ${instance.Placement?.AvailabilityZone}`}
        actions={<InstanceActions chosen={[instance]} />}
      />
      <Tabs
        label={t('About this instance')}
        entries={TABS}
        current={shown[0]}
        to={(name) => `/console/instances/${id}/${name}`}
      />
      {shown[2](instance)}
    </div>
  )
}

function Details({ instance }: { instance: Instance }) {
  const { MetadataOptions: metadata } = instance
  return (
    <>
      <Card title={t('Instance summary')}>
        <dl className="facts">
          <Fact name={t('Instance ID')}>
            <CopyId text={instance.InstanceId} />
          </Fact>
          <Fact name={t('Public IPv4 address')}>
            <CopyId text={instance.PublicIpAddress} />
          </Fact>
          <Fact name={t('Private IPv4 address')}>
            <CopyId text={instance.PrivateIpAddress} />
          </Fact>
          <Fact name={t('Public DNS')}>{instance.PublicDnsName}</Fact>
          <Fact name={t('Private DNS')}>{instance.PrivateDnsName}</Fact>
          <Fact name={t('AMI ID')}>
            <CopyId text={instance.ImageId} />
          </Fact>
          <Fact name={t('Key pair')}>{instance.KeyName}</Fact>
          <Fact name={t('IAM role')}>{instance.IamInstanceProfile?.Arn?.split('/').at(-1)}</Fact>
          <Fact name={t('Launched')}>
            {timeText(instance.LaunchTime)} ({ago(instance.LaunchTime)})
          </Fact>
          <Fact name={t('VPC ID')}>
            <Link className="mono" to={`/console/network/${instance.VpcId}`}>
              {instance.VpcId}
            </Link>
          </Fact>
          <Fact name={t('Subnet ID')}>
            <CopyId text={instance.SubnetId} />
          </Fact>
          <Fact name={t('Boot mode')}>{instance.CurrentInstanceBootMode ?? instance.BootMode}</Fact>
        </dl>
      </Card>
      <Card title={t('Host and instance details')}>
        <dl className="facts">
          <Fact name={t('Architecture')}>{instance.Architecture}</Fact>
          <Fact name={t('vCPUs')}>
            {(instance.CpuOptions?.CoreCount ?? 0) * (instance.CpuOptions?.ThreadsPerCore ?? 0)}
          </Fact>
          <Fact name={t('Tenancy')}>{instance.Placement?.Tenancy}</Fact>
          <Fact name={t('Placement group')}>{instance.Placement?.GroupName}</Fact>
          <Fact name={t('Root device')}>{instance.RootDeviceName}</Fact>
          <Fact name={t('Metadata service (IMDS)')}>
            {metadata?.HttpEndpoint === 'disabled'
              ? t('off')
              : metadata?.HttpTokens === 'required'
                ? t('IMDSv2 only')
                : t('IMDSv1 and IMDSv2')}
          </Fact>
          <Fact name={t('Hibernation')}>
            {instance.HibernationOptions?.Configured ? t('enabled') : t('not enabled')}
          </Fact>
          <Fact name={t('State transition')}>
            {instance.StateReason?.Message ?? instance.StateTransitionReason}
          </Fact>
          <Fact name={t('Reservation owner')}>{instance.NetworkInterfaces?.[0]?.OwnerId}</Fact>
        </dl>
      </Card>
    </>
  )
}
