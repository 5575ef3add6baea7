/** A backup of something, now. */
import { useId, useState } from 'react'
import { backupStart, DEFAULT_VAULT, vaults } from '../../aws/backup.ts'
import { useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Field } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'

export interface BackupNowProps {
  name: string
  arn: string
  onClose(): void
}

export default function BackupNow({ name, arn, onClose }: BackupNowProps) {
  const id = useId()
  const { data = [] } = useCollection(vaults)
  const [chosen, setChosen] = useState<string>()
  const vault = chosen ?? data[0]?.BackupVaultName ?? DEFAULT_VAULT
  return (
    <Modal
      title={t('Back up {name} now', { name })}
      onClose={onClose}
      submit={{
        label: t('Back up'),
        run: async () => {
          await backupStart(arn, vault)
          await doing(t('The backup has begun; Backup, Jobs shows how far it is'), async () => {})
          onClose()
        },
      }}
    >
      <Field
        label={t('Vault')}
        id={id}
        hint={data.length === 0 ? t('It is made with this first backup.') : undefined}
      >
        <select id={id} className="input" value={vault} onChange={(e) => setChosen(e.target.value)}>
          {data.length === 0 && <option>{DEFAULT_VAULT}</option>}
          {data.map((one) => (
            <option key={one.BackupVaultName}>{one.BackupVaultName}</option>
          ))}
        </select>
      </Field>
      <p className="muted small">
        {t(
          'It goes on running; all its volumes are taken at one instant. Only what changed since the last backup is stored.',
        )}
      </p>
    </Modal>
  )
}
