/** All instances: AWS's words for filters and columns, bulk actions, live. */
import type { Instance } from '@aws-sdk/client-ec2'
import { Link, useNavigate } from 'react-router'
import { instances } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { ButtonLink, Empty, State } from '../../ui/parts.tsx'
import { ResourceList } from '../../ui/resource-list.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Property } from '../../util/filter.ts'
import { ago, nameOf, titleOf } from '../../util/instance.ts'
import { InstanceActions } from './actions.tsx'
import { Brief } from './brief.tsx'

const COLUMNS: readonly Column<Instance>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(140px, 1.4fr)',
    cell: (i) => nameOf(i) || <span className="muted">–</span>,
    sort: nameOf,
  },
  {
    id: 'id',
    name: t('Instance ID'),
    width: '190px',
    cell: (i) => (
      <Link className="mono" to={`/console/instances/${i.InstanceId}`}>
        {i.InstanceId}
      </Link>
    ),
    sort: (i) => i.InstanceId ?? '',
  },
  {
    id: 'state',
    name: t('Instance state'),
    width: '140px',
    cell: (i) => <State name={i.State?.Name} />,
    sort: (i) => i.State?.Name ?? '',
  },
  {
    id: 'type',
    name: t('Instance type'),
    width: '120px',
    cell: (i) => i.InstanceType,
    sort: (i) => i.InstanceType ?? '',
  },
  {
    id: 'zone',
    name: t('Availability Zone'),
    width: '145px',
    cell: (i) => i.Placement?.AvailabilityZone,
    sort: (i) => i.Placement?.AvailabilityZone ?? '',
  },
  {
    id: 'public',
    name: t('Public IPv4'),
    width: '140px',
    cell: (i) => i.PublicIpAddress ?? '–',
    sort: (i) => i.PublicIpAddress ?? '',
  },
  {
    id: 'private',
    name: t('Private IPv4'),
    width: '130px',
    cell: (i) => i.PrivateIpAddress ?? '–',
    sort: (i) => i.PrivateIpAddress ?? '',
  },
  {
    id: 'key',
    name: t('Key name'),
    width: '130px',
    cell: (i) => i.KeyName ?? '–',
    sort: (i) => i.KeyName ?? '',
  },
  {
    id: 'launched',
    name: t('Launched'),
    width: '120px',
    cell: (i) => ago(i.LaunchTime),
    sort: (i) => -(i.LaunchTime?.getTime() ?? 0),
  },
  {
    id: 'image',
    name: t('AMI ID'),
    width: '190px',
    cell: (i) => <span className="mono">{i.ImageId}</span>,
    sort: (i) => i.ImageId ?? '',
    isExtra: true,
  },
  {
    id: 'vpc',
    name: t('VPC ID'),
    width: '190px',
    cell: (i) => <span className="mono">{i.VpcId}</span>,
    sort: (i) => i.VpcId ?? '',
    isExtra: true,
  },
  {
    id: 'groups',
    name: t('Security groups'),
    width: '170px',
    cell: (i) => i.SecurityGroups?.map((group) => group.GroupName).join(', '),
    isExtra: true,
  },
]

const PROPERTIES: readonly Property<Instance>[] = [
  { name: 'Name', value: nameOf },
  { name: 'Instance ID', value: (i) => i.InstanceId ?? '' },
  { name: 'Instance state', value: (i) => i.State?.Name ?? '' },
  { name: 'Instance type', value: (i) => i.InstanceType ?? '' },
  { name: 'Availability Zone', value: (i) => i.Placement?.AvailabilityZone ?? '' },
  { name: 'Public IPv4 address', value: (i) => i.PublicIpAddress ?? '' },
  { name: 'Private IPv4 address', value: (i) => i.PrivateIpAddress ?? '' },
  { name: 'AMI ID', value: (i) => i.ImageId ?? '' },
  { name: 'Key name', value: (i) => i.KeyName ?? '' },
  { name: 'VPC ID', value: (i) => i.VpcId ?? '' },
  { name: 'Subnet ID', value: (i) => i.SubnetId ?? '' },
  {
    name: 'Security group name',
    value: (i) => i.SecurityGroups?.map((group) => group.GroupName ?? '') ?? [],
  },
  {
    name: 'Security group ID',
    value: (i) => i.SecurityGroups?.map((group) => group.GroupId ?? '') ?? [],
  },
  { name: 'Tag', value: (i) => i.Tags?.map((tag) => `${tag.Key}=${tag.Value}`) ?? [] },
]

export function InstancesPage() {
  const navigate = useNavigate()
  return (
    <ResourceList
      title={t('Instances')}
      collection={instances}
      columns={COLUMNS}
      properties={PROPERTIES}
      nameOf={titleOf}
      placeholder={t('Find by any word, or by property: Instance state = running')}
      order={{ column: 'launched', isDown: false }}
      onOpen={(instance) => void navigate(`/console/instances/${instance.InstanceId}`)}
      actions={(chosen) => (
        <>
          <InstanceActions chosen={chosen} />
          <ButtonLink to="/console/launch" look="primary">
            {t('Launch instances')}
          </ButtonLink>
        </>
      )}
      detail={(instance) => <Brief instance={instance} />}
      empty={
        <Empty title={t('No instances yet')}>
          <p>{t('Three steps to a machine: choose a system, choose a size, launch.')}</p>
          <ButtonLink to="/console/launch" look="primary">
            {t('Launch your first instance')}
          </ButtonLink>
        </Empty>
      }
    />
  )
}
