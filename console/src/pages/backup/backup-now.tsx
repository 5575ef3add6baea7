/** A backup of something, now. */
import { useState } from 'react'
import { backupStart, DEFAULT_VAULT, vaults } from '../../aws/backup.ts'
import { useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { SelectField } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'

export interface BackupNowProps {
  name: string
  arn: string
  onClose(): void
}

export default function BackupNow({ name, arn, onClose }: BackupNowProps) {
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
      <SelectField
        label={t('Vault')}
        hint={data.length === 0 ? t('It is made with this first backup.') : undefined}
        value={vault}
        onChange={setChosen}
      >
        {data.length === 0 && <option>{DEFAULT_VAULT}</option>}
        {data.map((one) => (
          <option key={one.BackupVaultName}>{one.BackupVaultName}</option>
        ))}
      </SelectField>
      <p className="muted small">
        {t(
          'It goes on running; all its volumes are taken at one instant. Only what changed since the last backup is stored.',
        )}
      </p>
    </Modal>
  )
}
