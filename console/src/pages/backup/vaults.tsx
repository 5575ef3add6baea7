/** Vaults: where recovery points lie. */
import { DeleteBackupVaultCommand } from '@aws-sdk/client-backup'
import { useState } from 'react'
import { backup, vaultEnsure, vaults } from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Modal } from '../../ui/modal.tsx'
import { Button, Card, InputField, Note } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { timeText } from '../../util/instance.ts'

export function Vaults() {
  const { data = [], error } = useCollection(vaults)
  const [name, setName] = useState<string>()
  return (
    <>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      <Card
        title={t('Vaults')}
        isPlain
        actions={
          <Button isSmall look="primary" onClick={() => setName('')}>
            {t('Create vault')}
          </Button>
        }
      >
        <PlainTable
          label={t('Vaults')}
          none={t('None yet: the first backup makes one.')}
          head={[t('Name'), t('Points'), t('Lock'), t('Created'), t('Actions')]}
        >
          {data.map((one) => (
            <tr key={one.BackupVaultArn}>
              <td>{one.BackupVaultName}</td>
              <td>{one.NumberOfRecoveryPoints ?? 0}</td>
              <td>{one.Locked ? <span className="chip good">{t('locked')}</span> : '–'}</td>
              <td className="muted">{timeText(one.CreationDate)}</td>
              <td>
                <Button
                  isSmall
                  look="danger"
                  whyNot={
                    one.NumberOfRecoveryPoints
                      ? t('It is not empty: delete its points first')
                      : undefined
                  }
                  onClick={() =>
                    ask({
                      title: t('Delete the vault {name}', { name: one.BackupVaultName ?? '' }),
                      words: t('It is empty: no backup goes with it.'),
                      done: t('The vault is deleted'),
                      run: () =>
                        backup().send(
                          new DeleteBackupVaultCommand({ BackupVaultName: one.BackupVaultName }),
                        ),
                    })
                  }
                >
                  {t('Delete')}
                </Button>
              </td>
            </tr>
          ))}
        </PlainTable>
      </Card>
      {name !== undefined && (
        <Modal
          title={t('Create vault')}
          onClose={() => setName(undefined)}
          submit={{
            label: t('Create vault'),
            whyNot: /^[\w-]{2,50}$/.test(name) ? undefined : t('2 to 50 letters, digits, - and _'),
            run: async () => {
              await vaultEnsure(name)
              setName(undefined)
            },
          }}
        >
          <InputField label={t('Name')} value={name} onChange={setName} />
        </Modal>
      )}
    </>
  )
}
