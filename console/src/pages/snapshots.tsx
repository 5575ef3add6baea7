/** Snapshots: what there is, made into volumes, deleted. */
import { CreateVolumeCommand, DeleteSnapshotCommand, type Snapshot } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { ec2 } from '../aws/clients.ts'
import { useCollection } from '../aws/collection.ts'
import { snapshots, subnets } from '../aws/ec2.ts'
import { plural, t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { Bar, Button, Empty, NumberField, SelectField, State } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import { doing } from '../ui/toasts.tsx'
import type { Property } from '../util/filter.ts'
import { ago, tagOf } from '../util/instance.ts'

const nameOf = (one: Snapshot): string => tagOf(one.Tags, 'Name')

const COLUMNS: readonly Column<Snapshot>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(120px, 1fr)',
    cell: (s) => nameOf(s) || '–',
    sort: nameOf,
  },
  {
    id: 'id',
    name: t('Snapshot ID'),
    width: '210px',
    cell: (s) => <span className="mono">{s.SnapshotId}</span>,
    sort: (s) => s.SnapshotId ?? '',
  },
  {
    id: 'state',
    name: t('Snapshot status'),
    width: '150px',
    cell: (s) => <State name={s.State} />,
    sort: (s) => s.State ?? '',
  },
  {
    id: 'progress',
    name: t('Progress'),
    width: '110px',
    cell: (s) => <Bar fraction={Number.parseInt(s.Progress ?? '0', 10) / 100} />,
  },
  {
    id: 'size',
    name: t('Volume size'),
    width: '110px',
    cell: (s) => `${s.VolumeSize} GiB`,
    sort: (s) => s.VolumeSize ?? 0,
    isNumber: true,
  },
  {
    id: 'volume',
    name: t('Volume ID'),
    width: '210px',
    cell: (s) => <span className="mono">{s.VolumeId}</span>,
    sort: (s) => s.VolumeId ?? '',
  },
  {
    id: 'started',
    name: t('Started'),
    width: '120px',
    cell: (s) => ago(s.StartTime),
    sort: (s) => -(s.StartTime?.getTime() ?? 0),
  },
  {
    id: 'words',
    name: t('Description'),
    width: 'minmax(180px, 2fr)',
    cell: (s) => s.Description || '–',
    sort: (s) => s.Description ?? '',
  },
]

const PROPERTIES: readonly Property<Snapshot>[] = [
  { name: 'Name', value: nameOf },
  { name: 'Snapshot ID', value: (s) => s.SnapshotId ?? '' },
  { name: 'Status', value: (s) => s.State ?? '' },
  { name: 'Volume ID', value: (s) => s.VolumeId ?? '' },
  { name: 'Description', value: (s) => s.Description ?? '' },
  { name: 'Tag', value: (s) => s.Tags?.map((tag) => `${tag.Key}=${tag.Value}`) ?? [] },
]

export default function SnapshotsPage() {
  const [restoring, setRestoring] = useState<Snapshot>()
  const [doomed, setDoomed] = useState<readonly Snapshot[]>()
  return (
    <>
      <ResourceList
        title={t('Snapshots')}
        collection={snapshots}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(s) => nameOf(s) || (s.SnapshotId ?? '')}
        placeholder={t('Find snapshots')}
        order={{ column: 'started', isDown: false }}
        actions={(chosen) => (
          <>
            <Button
              whyNot={chosen.length === 1 ? undefined : t('Select one snapshot')}
              onClick={() => setRestoring(chosen[0])}
            >
              {t('Create volume from it')}
            </Button>
            <Button
              look="danger"
              whyNot={chosen.length > 0 ? undefined : t('Select a snapshot first')}
              onClick={() => setDoomed(chosen)}
            >
              {t('Delete')}
            </Button>
          </>
        )}
        empty={
          <Empty title={t('No snapshots yet')}>
            <p>
              {t(
                'A snapshot keeps what a volume holds at one moment: Volumes, Actions, Create snapshot.',
              )}
            </p>
          </Empty>
        }
      />
      {restoring && <Restore snapshot={restoring} onClose={() => setRestoring(undefined)} />}
      {doomed && (
        <Modal
          title={plural(doomed.length, 'Delete {n} snapshot?', 'Delete {n} snapshots?')}
          onClose={() => setDoomed(undefined)}
          submit={{
            label: t('Delete'),
            isDanger: true,
            run: async () => {
              for (const { SnapshotId } of doomed) {
                await ec2().send(new DeleteSnapshotCommand({ SnapshotId }))
              }
              setDoomed(undefined)
            },
          }}
        >
          <p>{t('Volumes that were made from them stay.')}</p>
        </Modal>
      )}
    </>
  )
}

function Restore({ snapshot, onClose }: { snapshot: Snapshot; onClose(): void }) {
  const { data = [] } = useCollection(subnets)
  const zones = [...new Set(data.map((one) => one.AvailabilityZone ?? ''))].toSorted()
  const [zone, setZone] = useState('')
  const [size, setSize] = useState(snapshot.VolumeSize ?? 1)
  const { SnapshotId } = snapshot
  const AvailabilityZone = zone || zones[0]
  return (
    <Modal
      title={t('A volume from {id}', { id: SnapshotId ?? '' })}
      onClose={onClose}
      submit={{
        label: t('Create volume'),
        run: async () => {
          const input = { SnapshotId, AvailabilityZone, Size: size, VolumeType: 'gp3' as const }
          const made = await ec2().send(new CreateVolumeCommand(input))
          await doing(t('{id} is being made', { id: made.VolumeId ?? '' }), async () => {})
          onClose()
        },
      }}
    >
      <SelectField label={t('Availability Zone')} value={AvailabilityZone} onChange={setZone}>
        {zones.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </SelectField>
      <NumberField
        label={t('Size, GiB')}
        isNarrow
        min={snapshot.VolumeSize ?? 1}
        value={size}
        onChange={setSize}
      />
    </Modal>
  )
}
