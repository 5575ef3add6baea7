/** A way back: a new machine, or a new volume, as it was at a recovery point, with what should be different. */
import {
  GetRecoveryPointRestoreMetadataCommand,
  StartRestoreJobCommand,
  type RecoveryPointByBackupVault,
} from '@aws-sdk/client-backup'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useNavigate } from 'react-router'
import { backup, idOfArn, roleArn } from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Field, Note } from '../../ui/parts.tsx'

/** What people change; the rest of what was recorded goes back as it was. */
const SHOWN: Readonly<Record<string, string>> = {
  InstanceType: t('Instance type'),
  SubnetId: t('Subnet ID'),
  SecurityGroupIds: t('Security groups (JSON)'),
  KeyName: t('Key pair'),
  availabilityZone: t('Availability Zone'),
  volumeType: t('Type'),
  volumeSize: t('Size, GiB'),
}

export function Restore(props: { point: RecoveryPointByBackupVault; onClose(): void }) {
  const { point, onClose } = props
  const { BackupVaultName, RecoveryPointArn } = point
  const id = useId()
  const navigate = useNavigate()
  const [changes, setChanges] = useState<Record<string, string>>({})
  const { data, error } = useQuery({
    queryKey: ['restore', RecoveryPointArn],
    retry: false,
    queryFn: async () => {
      const input = { BackupVaultName, RecoveryPointArn }
      const answer = await backup().send(new GetRecoveryPointRestoreMetadataCommand(input))
      return answer.RestoreMetadata ?? {}
    },
  })
  const fields = Object.entries(SHOWN).filter(([name]) => data?.[name] !== undefined)
  return (
    <Modal
      title={t('Restore {id}', { id: idOfArn(point.ResourceArn) })}
      onClose={onClose}
      submit={{
        label: t('Restore'),
        whyNot: data ? undefined : t('What was recorded is being read'),
        run: async () => {
          await backup().send(
            new StartRestoreJobCommand({
              RecoveryPointArn,
              IamRoleArn: roleArn(),
              Metadata: { ...data, ...changes },
              CopySourceTagsToRestoredResource: true,
            }),
          )
          onClose()
          void navigate('/console/backup/jobs')
        },
      }}
    >
      <p>{t('A new resource is made; the old one stays as it is. These you may change:')}</p>
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {fields.map(([name, label]) => (
        <Field key={name} label={label} id={`${id}${name}`}>
          <input
            id={`${id}${name}`}
            className="input"
            value={changes[name] ?? data?.[name] ?? ''}
            onChange={(event) => setChanges({ ...changes, [name]: event.target.value })}
          />
        </Field>
      ))}
    </Modal>
  )
}
