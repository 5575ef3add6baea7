/** Volumes: what there is, made, attached, detached, enlarged, photographed, deleted. */
import { DetachVolumeCommand, type Volume } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { Link } from 'react-router'
import { ec2 } from '../aws/clients.ts'
import { volumes } from '../aws/ec2.ts'
import { t } from '../text/t.ts'
import { ask as askFirst } from '../ui/asking.tsx'
import { Menu } from '../ui/menu.tsx'
import { Button, Empty, State } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import type { Property } from '../util/filter.ts'
import { ago, tagOf } from '../util/instance.ts'
import { Attach, Create, Delete, Modify, Photograph } from './volume-dialogs.tsx'

const nameOf = (volume: Volume): string => tagOf(volume.Tags, 'Name')
const attachedTo = (volume: Volume): string => volume.Attachments?.[0]?.InstanceId ?? ''

const COLUMNS: readonly Column<Volume>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(130px, 1fr)',
    cell: (v) => nameOf(v) || '–',
    sort: nameOf,
  },
  {
    id: 'id',
    name: t('Volume ID'),
    width: '200px',
    cell: (v) => <span className="mono">{v.VolumeId}</span>,
    sort: (v) => v.VolumeId ?? '',
  },
  {
    id: 'state',
    name: t('Volume state'),
    width: '130px',
    cell: (v) => <State name={v.State} />,
    sort: (v) => v.State ?? '',
  },
  {
    id: 'size',
    name: t('Size'),
    width: '100px',
    cell: (v) => `${v.Size} GiB`,
    sort: (v) => v.Size ?? 0,
    isNumber: true,
  },
  {
    id: 'type',
    name: t('Type'),
    width: '90px',
    cell: (v) => v.VolumeType,
    sort: (v) => v.VolumeType ?? '',
  },
  {
    id: 'iops',
    name: t('IOPS'),
    width: '90px',
    cell: (v) => v.Iops ?? '–',
    sort: (v) => v.Iops ?? 0,
    isNumber: true,
  },
  {
    id: 'attached',
    name: t('Attached to'),
    width: 'minmax(200px, 1fr)',
    cell: (v) =>
      attachedTo(v) ? (
        <Link className="mono" to={`/console/instances/${attachedTo(v)}/storage`}>
          {attachedTo(v)}
        </Link>
      ) : (
        '–'
      ),
    sort: attachedTo,
  },
  {
    id: 'zone',
    name: t('Availability Zone'),
    width: '140px',
    cell: (v) => v.AvailabilityZone,
    sort: (v) => v.AvailabilityZone ?? '',
  },
  {
    id: 'encrypted',
    name: t('Encrypted'),
    width: '100px',
    cell: (v) => (v.Encrypted ? t('yes') : t('no')),
    sort: (v) => Number(v.Encrypted),
  },
  {
    id: 'created',
    name: t('Created'),
    width: '120px',
    cell: (v) => ago(v.CreateTime),
    sort: (v) => -(v.CreateTime?.getTime() ?? 0),
  },
  {
    id: 'snapshot',
    name: t('Snapshot ID'),
    width: '200px',
    cell: (v) => v.SnapshotId || '–',
    isExtra: true,
  },
]

const PROPERTIES: readonly Property<Volume>[] = [
  { name: 'Name', value: nameOf },
  { name: 'Volume ID', value: (v) => v.VolumeId ?? '' },
  { name: 'State', value: (v) => v.State ?? '' },
  { name: 'Volume type', value: (v) => v.VolumeType ?? '' },
  { name: 'Size', value: (v) => `${v.Size}` },
  { name: 'Attached instance', value: attachedTo },
  { name: 'Availability Zone', value: (v) => v.AvailabilityZone ?? '' },
  { name: 'Snapshot ID', value: (v) => v.SnapshotId ?? '' },
  { name: 'Encrypted', value: (v) => String(v.Encrypted) },
  { name: 'Tag', value: (v) => v.Tags?.map((tag) => `${tag.Key}=${tag.Value}`) ?? [] },
]

type Asking = 'create' | 'attach' | 'modify' | 'delete' | 'snapshot' | null

export default function VolumesPage() {
  const [asking, setAsking] = useState<Asking>(null)
  const [about, setAbout] = useState<readonly Volume[]>([])
  const ask = (what: Asking, chosen: readonly Volume[]): void => {
    setAbout(chosen)
    setAsking(what)
  }
  const close = (): void => setAsking(null)
  const [one] = about
  return (
    <>
      <ResourceList
        title={t('Volumes')}
        collection={volumes}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(v) => nameOf(v) || (v.VolumeId ?? '')}
        placeholder={t('Find volumes')}
        order={{ column: 'created', isDown: false }}
        actions={(chosen) => (
          <>
            <VolumeMenu chosen={chosen} ask={ask} />
            <Button look="primary" onClick={() => ask('create', [])}>
              {t('Create volume')}
            </Button>
          </>
        )}
        empty={
          <Empty title={t('No volumes yet')}>
            <p>{t('Every instance brings one of its own.')}</p>
          </Empty>
        }
      />
      {asking === 'create' && <Create onClose={close} />}
      {asking === 'attach' && one && <Attach volume={one} onClose={close} />}
      {asking === 'modify' && one && <Modify volume={one} onClose={close} />}
      {asking === 'snapshot' && one && <Photograph volume={one} onClose={close} />}
      {asking === 'delete' && <Delete chosen={about} onClose={close} />}
    </>
  )
}

function VolumeMenu(props: {
  chosen: readonly Volume[]
  ask(what: Asking, chosen: readonly Volume[]): void
}) {
  const { chosen, ask } = props
  const [one] = chosen
  const oneOnly = chosen.length === 1 ? undefined : t('Select one volume')
  const free = chosen.every((v) => v.State === 'available')
  const detach = () =>
    askFirst({
      title: t('Detach {id}', { id: one?.VolumeId ?? '' }),
      words: t('Unmount it in {id} first: what is not yet written to it would be lost.', {
        id: one ? attachedTo(one) : '',
      }),
      label: t('Detach'),
      done: t('Detaching {id}', { id: one?.VolumeId ?? '' }),
      run: () => ec2().send(new DetachVolumeCommand({ VolumeId: one?.VolumeId })),
    })
  return (
    <Menu
      label={t('Actions')}
      items={[
        {
          label: t('Attach volume'),
          run: () => ask('attach', chosen),
          whyNot: oneOnly ?? (free ? undefined : t('It is attached already')),
        },
        {
          label: t('Detach volume'),
          run: detach,
          whyNot: oneOnly ?? (one?.State === 'in-use' ? undefined : t('It is attached to nothing')),
        },
        { label: t('Modify volume'), run: () => ask('modify', chosen), whyNot: oneOnly },
        { label: t('Create snapshot'), run: () => ask('snapshot', chosen), whyNot: oneOnly },
        {
          label: t('Delete volume'),
          run: () => ask('delete', chosen),
          whyNot:
            chosen.length === 0
              ? t('Select a volume first')
              : free
                ? undefined
                : t('Volumes in use cannot be deleted: detach them first'),
          isApart: true,
        },
      ]}
    />
  )
}
