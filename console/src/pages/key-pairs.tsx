/** Key pairs: made, imported, deleted. */
import { DeleteKeyPairCommand, type KeyPairInfo } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { ec2 } from '../aws/clients.ts'
import { keyPairs } from '../aws/ec2.ts'
import { plural, t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { Button, Empty } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import type { Property } from '../util/filter.ts'
import { ago } from '../util/instance.ts'
import { privateKeyOf } from '../util/private-keys.ts'
import { MakeKey } from './launch/key.tsx'

const COLUMNS: readonly Column<KeyPairInfo>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(160px, 1fr)',
    cell: (k) => k.KeyName,
    sort: (k) => k.KeyName ?? '',
  },
  {
    id: 'type',
    name: t('Type'),
    width: '100px',
    cell: (k) => k.KeyType,
    sort: (k) => k.KeyType ?? '',
  },
  {
    id: 'created',
    name: t('Created'),
    width: '120px',
    cell: (k) => ago(k.CreateTime),
    sort: (k) => -(k.CreateTime?.getTime() ?? 0),
  },
  {
    id: 'print',
    name: t('Fingerprint'),
    width: 'minmax(320px, 2fr)',
    cell: (k) => <span className="mono">{k.KeyFingerprint}</span>,
  },
  {
    id: 'here',
    name: t('In this tab'),
    width: '110px',
    cell: (k) => (privateKeyOf(k.KeyName) ? t('yes') : t('no')),
  },
  {
    id: 'id',
    name: t('ID'),
    width: '210px',
    cell: (k) => <span className="mono">{k.KeyPairId}</span>,
    isExtra: true,
  },
]

const PROPERTIES: readonly Property<KeyPairInfo>[] = [
  { name: 'Key pair name', value: (k) => k.KeyName ?? '' },
  { name: 'Type', value: (k) => k.KeyType ?? '' },
  { name: 'Fingerprint', value: (k) => k.KeyFingerprint ?? '' },
]

export default function KeyPairsPage() {
  const [isMaking, setMaking] = useState(false)
  const [doomed, setDoomed] = useState<readonly KeyPairInfo[]>()
  return (
    <>
      <ResourceList
        title={t('Key pairs')}
        collection={keyPairs}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(k) => k.KeyName ?? ''}
        placeholder={t('Find key pairs')}
        order={{ column: 'name', isDown: false }}
        actions={(chosen) => (
          <>
            <Button
              look="danger"
              whyNot={chosen.length > 0 ? undefined : t('Select a key pair first')}
              onClick={() => setDoomed(chosen)}
            >
              {t('Delete')}
            </Button>
            <Button look="primary" onClick={() => setMaking(true)}>
              {t('Create key pair')}
            </Button>
          </>
        )}
        empty={
          <Empty title={t('No key pairs yet')}>
            <p>{t('A key pair lets you log in to instances by SSH.')}</p>
          </Empty>
        }
      />
      {isMaking && <MakeKey onClose={() => setMaking(false)} onMade={() => setMaking(false)} />}
      {doomed && (
        <Modal
          title={plural(doomed.length, 'Delete {n} key pair?', 'Delete {n} key pairs?')}
          onClose={() => setDoomed(undefined)}
          submit={{
            label: t('Delete'),
            isDanger: true,
            run: async () => {
              for (const { KeyPairId } of doomed) {
                await ec2().send(new DeleteKeyPairCommand({ KeyPairId }))
              }
              setDoomed(undefined)
            },
          }}
        >
          <p>
            {t(
              'Instances keep the key they were launched with; new ones cannot be launched with it.',
            )}
          </p>
        </Modal>
      )}
    </>
  )
}
