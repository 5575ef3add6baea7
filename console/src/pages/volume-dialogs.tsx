/** What is asked before something is done with volumes. */
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  ModifyVolumeCommand,
  type Volume,
} from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { ec2 } from '../aws/clients.ts'
import { useCollection } from '../aws/collection.ts'
import { instances, subnets } from '../aws/ec2.ts'
import { plural, t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { InputField, NumberField, SelectField } from '../ui/parts.tsx'
import { doing } from '../ui/toasts.tsx'
import { stateOf, titleOf } from '../util/instance.ts'

const TYPES = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', 'standard'] as const

export function Create({ onClose }: { onClose(): void }) {
  const { data = [] } = useCollection(subnets)
  const zones = [...new Set(data.map((one) => one.AvailabilityZone ?? ''))].toSorted()
  const [size, setSize] = useState(8)
  const [type, setType] = useState<(typeof TYPES)[number]>('gp3')
  const [zone, setZone] = useState('')
  const [name, setName] = useState('')
  const [isEncrypted, setEncrypted] = useState(false)
  const Tags = name.trim() ? [{ Key: 'Name', Value: name.trim() }] : []
  return (
    <Modal
      title={t('Create volume')}
      onClose={onClose}
      submit={{
        label: t('Create volume'),
        run: async () => {
          await ec2().send(
            new CreateVolumeCommand({
              Size: size,
              VolumeType: type,
              AvailabilityZone: zone || zones[0],
              ...(type === 'io1' || type === 'io2' ? { Iops: 100 } : {}),
              ...(isEncrypted ? { Encrypted: true } : {}),
              ...(Tags.length > 0 ? { TagSpecifications: [{ ResourceType: 'volume', Tags }] } : {}),
            }),
          )
          onClose()
        },
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <NumberField label={t('Size, GiB')} isNarrow min={1} value={size} onChange={setSize} />
      <SelectField label={t('Type')} value={type} onChange={(text) => setType(text as typeof type)}>
        {TYPES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </SelectField>
      <SelectField label={t('Availability Zone')} value={zone || zones[0]} onChange={setZone}>
        {zones.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </SelectField>
      <label className="check">
        <input
          type="checkbox"
          checked={isEncrypted}
          onChange={(e) => setEncrypted(e.target.checked)}
        />
        {t('Encrypt this volume')}
      </label>
    </Modal>
  )
}

export function Attach({ volume, onClose }: { volume: Volume; onClose(): void }) {
  const { data = [] } = useCollection(instances)
  const here = data.filter(
    (one) =>
      one.Placement?.AvailabilityZone === volume.AvailabilityZone &&
      ['running', 'stopped'].includes(stateOf(one)),
  )
  const [instance, setInstance] = useState('')
  const [device, setDevice] = useState('/dev/sdf')
  return (
    <Modal
      title={t('Attach {id}', { id: volume.VolumeId ?? '' })}
      onClose={onClose}
      submit={{
        label: t('Attach'),
        whyNot: instance ? undefined : t('Choose an instance'),
        run: async () => {
          const { VolumeId } = volume
          await ec2().send(
            new AttachVolumeCommand({ VolumeId, InstanceId: instance, Device: device }),
          )
          onClose()
        },
      }}
    >
      <SelectField
        label={t('Instance')}
        hint={t('Instances in {zone}', { zone: volume.AvailabilityZone ?? '' })}
        value={instance}
        onChange={setInstance}
      >
        <option value="" />
        {here.map((one) => (
          <option key={one.InstanceId} value={one.InstanceId}>
            {titleOf(one)} ({one.InstanceId})
          </option>
        ))}
      </SelectField>
      <InputField label={t('Device name')} value={device} onChange={setDevice} />
    </Modal>
  )
}

export function Modify({ volume, onClose }: { volume: Volume; onClose(): void }) {
  const [size, setSize] = useState(volume.Size ?? 1)
  const [type, setType] = useState<string>(volume.VolumeType ?? 'gp3')
  return (
    <Modal
      title={t('Modify {id}', { id: volume.VolumeId ?? '' })}
      onClose={onClose}
      submit={{
        label: t('Modify'),
        run: async () => {
          const { VolumeId } = volume
          const VolumeType = type as (typeof TYPES)[number]
          await ec2().send(new ModifyVolumeCommand({ VolumeId, Size: size, VolumeType }))
          onClose()
        },
      }}
    >
      <NumberField
        label={t('Size, GiB')}
        hint={t('A volume can only grow')}
        isNarrow
        min={volume.Size ?? 1}
        value={size}
        onChange={setSize}
      />
      <SelectField label={t('Type')} value={type} onChange={setType}>
        {TYPES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </SelectField>
      <p className="muted small">
        {t('The guest sees the new size at once; its file system has to be grown in it.')}
      </p>
    </Modal>
  )
}

export function Photograph({ volume, onClose }: { volume: Volume; onClose(): void }) {
  const [words, setWords] = useState('')
  return (
    <Modal
      title={t('Snapshot of {id}', { id: volume.VolumeId ?? '' })}
      onClose={onClose}
      submit={{
        label: t('Create snapshot'),
        run: async () => {
          const { VolumeId } = volume
          await ec2().send(new CreateSnapshotCommand({ VolumeId, Description: words }))
          await doing(t('The snapshot is taken'), async () => {})
          onClose()
        },
      }}
    >
      <InputField label={t('Description')} value={words} onChange={setWords} />
    </Modal>
  )
}

export function Delete({ chosen, onClose }: { chosen: readonly Volume[]; onClose(): void }) {
  return (
    <Modal
      title={plural(chosen.length, 'Delete {n} volume?', 'Delete {n} volumes?')}
      onClose={onClose}
      submit={{
        label: t('Delete'),
        isDanger: true,
        run: async () => {
          for (const { VolumeId } of chosen) await ec2().send(new DeleteVolumeCommand({ VolumeId }))
          onClose()
        },
      }}
    >
      <p>{t('What is on them is lost. Snapshots of them stay.')}</p>
    </Modal>
  )
}
