/** The key that logs in: one that is there, or one made now, whose private half is offered once. */
import { CreateKeyPairCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2'
import { useId, useState } from 'react'
import { ec2 } from '../../aws/clients.ts'
import { collectionRefresh, useCollection } from '../../aws/collection.ts'
import { keyPairs } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Card, Field, InputField, Note, SelectField } from '../../ui/parts.tsx'
import { download, privateKeyKeep } from '../../util/private-keys.ts'
import { base64 } from './draft.ts'
import type { PartProps } from './part.ts'

export function KeyChoice({ draft, change }: PartProps) {
  const { data = [] } = useCollection(keyPairs)
  const [isMaking, setMaking] = useState(false)
  return (
    <Card title={t('Key pair (login)')}>
      <div className="stack">
        <div className="row wrap" style={{ alignItems: 'flex-end' }}>
          <div className="grow" style={{ minWidth: 220 }}>
            <SelectField
              label={t('Key pair')}
              value={draft.keyName ?? ''}
              onChange={(text) => change({ keyName: text || null })}
            >
              <option value="">{t('None (you cannot log in by SSH)')}</option>
              {data.map((key) => (
                <option key={key.KeyName} value={key.KeyName}>
                  {key.KeyName} ({key.KeyType})
                </option>
              ))}
            </SelectField>
          </div>
          <Button onClick={() => setMaking(true)}>{t('Create new key pair')}</Button>
        </div>
        {draft.keyName === null && (
          <Note>
            {t(
              'Without a key pair the terminal here still gets into tiny and debian-12. Into others only the serial console does, if the system lets you in.',
            )}
          </Note>
        )}
      </div>
      {isMaking && (
        <MakeKey
          onClose={() => setMaking(false)}
          onMade={(keyName) => {
            change({ keyName })
            setMaking(false)
          }}
        />
      )}
    </Card>
  )
}

type Kind = 'ed25519' | 'rsa' | 'import'

export function MakeKey(props: { onClose(): void; onMade(keyName: string): void }) {
  const { onClose, onMade } = props
  const id = useId()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Kind>('ed25519')
  const [publicKey, setPublicKey] = useState('')
  const KeyName = name.trim()
  const run = async (): Promise<void> => {
    if (kind === 'import') {
      const PublicKeyMaterial = Uint8Array.from(atob(base64(publicKey.trim())), (c) =>
        c.charCodeAt(0),
      )
      await ec2().send(new ImportKeyPairCommand({ KeyName, PublicKeyMaterial }))
    } else {
      const made = await ec2().send(
        new CreateKeyPairCommand({ KeyName, KeyType: kind, KeyFormat: 'pem' }),
      )
      privateKeyKeep(KeyName, made.KeyMaterial ?? '')
      download(`${KeyName}.pem`, made.KeyMaterial ?? '', 'application/x-pem-file')
    }
    await collectionRefresh(keyPairs)
    onMade(KeyName)
  }
  return (
    <Modal
      title={t('Create key pair')}
      onClose={onClose}
      submit={{
        label: kind === 'import' ? t('Import') : t('Create and download'),
        run,
        whyNot: KeyName === '' ? t('A name is needed') : undefined,
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <SelectField label={t('Type')} value={kind} onChange={(text) => setKind(text as Kind)}>
        <option value="ed25519">{t('ED25519 (short and strong)')}</option>
        <option value="rsa">{t('RSA (for Windows and old clients)')}</option>
        <option value="import">{t('My own public key')}</option>
      </SelectField>
      {kind === 'import' ? (
        <Field label={t('Public key')} id={`${id}p`} hint="ssh-ed25519 AAAA…">
          <textarea
            id={`${id}p`}
            className="input"
            value={publicKey}
            onChange={(e) => setPublicKey(e.target.value)}
          />
        </Field>
      ) : (
        <Note>
          {t(
            'The private key is downloaded now and shown never again. This tab remembers it for its terminals until it is closed.',
          )}
        </Note>
      )}
    </Modal>
  )
}
