/**
 * A shell by SSH. The private key comes from this tab, or from a file that is chosen now; it serves this one session.
 * Without one the daemon makes a key and lends it to the machine for a minute (EC2 Instance Connect).
 */
import type { Instance } from '@aws-sdk/client-ec2'
import { useId, useState, type FormEvent } from 'react'
import type { StreamWish } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Button, Card, Field, InputField, Note } from '../../ui/parts.tsx'
import { privateKeyOf } from '../../util/private-keys.ts'
import { Terminal } from './terminal.tsx'

const KEY_BYTES_MAX = 16_384

export default function Shell({ instance, user: known }: { instance: Instance; user: string }) {
  const id = useId()
  const instanceId = instance.InstanceId ?? ''
  const kept = privateKeyOf(instance.KeyName)
  const [user, setUser] = useState<string>()
  const [privateKey, setPrivateKey] = useState(kept ?? '')
  const [passphrase, setPassphrase] = useState('')
  const [wish, setWish] = useState<StreamWish>()
  if (wish)
    return (
      <Terminal
        wish={wish}
        hint={t('SSH to {address}', { address: instance.PublicIpAddress ?? '' })}
      />
    )
  if (!instance.PublicIpAddress) {
    return (
      <Note tone="warn">
        {t(
          'It has no public address, so this host has no way to it by SSH. The serial console works without a network.',
        )}
      </Note>
    )
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setWish({
      type: 'shell',
      instanceId,
      user: (user ?? known).trim(),
      ...(privateKey.trim() !== '' && { privateKey: `${privateKey.trim()}\n` }),
      ...(passphrase && { passphrase }),
    })
  }
  return (
    <Card title={t('SSH terminal')}>
      <form className="stack" onSubmit={submit} style={{ maxWidth: 560 }}>
        <InputField label={t('User')} value={user ?? known} onChange={setUser} />
        {kept ? (
          <Note tone="good">
            {t('The private key of {name} was made in this tab and is used.', {
              name: instance.KeyName ?? '',
            })}
          </Note>
        ) : (
          <>
            <Note tone="good">
              {t(
                'No key is needed: one is made for this session and lent to the machine for a minute. tiny and debian-12 take it.',
              )}
            </Note>
            <details>
              <summary>{t('Use a private key instead')}</summary>
              <div className="stack" style={{ marginTop: 12 }}>
                <Field
                  label={t('Private key of {name}', { name: instance.KeyName ?? t('its user') })}
                  id={`${id}f`}
                  hint={t('Handed to the daemon for this one session, and kept by nobody.')}
                >
                  <input
                    id={`${id}f`}
                    className="input"
                    type="file"
                    onChange={(event) => {
                      const [file] = event.target.files ?? []
                      if (file && file.size <= KEY_BYTES_MAX) void file.text().then(setPrivateKey)
                    }}
                  />
                </Field>
                <Field label={t('or paste it')} id={`${id}k`}>
                  <textarea
                    id={`${id}k`}
                    className="input"
                    spellCheck={false}
                    autoComplete="off"
                    value={privateKey}
                    onChange={(e) => setPrivateKey(e.target.value)}
                  />
                </Field>
                <InputField
                  label={t('Passphrase (if it has one)')}
                  type="password"
                  autoComplete="off"
                  value={passphrase}
                  onChange={setPassphrase}
                />
              </div>
            </details>
          </>
        )}
        <div>
          <Button type="submit" look="primary" onClick={() => {}}>
            {t('Connect')}
          </Button>
        </div>
      </form>
    </Card>
  )
}
