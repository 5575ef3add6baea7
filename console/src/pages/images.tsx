/** Images: what can be launched, what can be built or pulled, one's own. */
import { DeregisterImageCommand, type Image } from '@aws-sdk/client-ec2'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ec2 } from '../aws/clients.ts'
import { useSession } from '../aws/collection.ts'
import { images } from '../aws/ec2.ts'
import { imagesRead } from '../aws/host.ts'
import { t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { Button, Card, Empty, State } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import type { Property } from '../util/filter.ts'
import { ago } from '../util/instance.ts'
import { MakeImage } from './image-make.tsx'
import { UploadImage } from './image-upload.tsx'

const ownerOf = (image: Image): string => image.ImageOwnerAlias ?? image.OwnerId ?? ''

const COLUMNS: readonly Column<Image>[] = [
  {
    id: 'name',
    name: t('AMI name'),
    width: 'minmax(220px, 2fr)',
    cell: (i) => i.Name,
    sort: (i) => i.Name ?? '',
  },
  {
    id: 'id',
    name: t('AMI ID'),
    width: '200px',
    cell: (i) => <span className="mono">{i.ImageId}</span>,
    sort: (i) => i.ImageId ?? '',
  },
  {
    id: 'state',
    name: t('Status'),
    width: '120px',
    cell: (i) => <State name={i.State} />,
    sort: (i) => i.State ?? '',
  },
  { id: 'owner', name: t('Owner'), width: '140px', cell: ownerOf, sort: ownerOf },
  {
    id: 'visibility',
    name: t('Visibility'),
    width: '100px',
    cell: (i) => (i.Public ? t('public') : t('private')),
    sort: (i) => Number(i.Public),
  },
  {
    id: 'arch',
    name: t('Architecture'),
    width: '110px',
    cell: (i) => i.Architecture,
    sort: (i) => i.Architecture ?? '',
  },
  {
    id: 'created',
    name: t('Created'),
    width: '130px',
    cell: (i) => ago(i.CreationDate ? new Date(i.CreationDate) : undefined),
    sort: (i) => -Date.parse(i.CreationDate ?? '0'),
  },
  {
    id: 'words',
    name: t('Description'),
    width: 'minmax(200px, 2fr)',
    cell: (i) => i.Description || '–',
  },
]

const PROPERTIES: readonly Property<Image>[] = [
  { name: 'AMI name', value: (i) => i.Name ?? '' },
  { name: 'AMI ID', value: (i) => i.ImageId ?? '' },
  { name: 'Owner', value: ownerOf },
  { name: 'Architecture', value: (i) => i.Architecture ?? '' },
  { name: 'Visibility', value: (i) => (i.Public ? 'public' : 'private') },
  { name: 'Status', value: (i) => i.State ?? '' },
]

export default function ImagesPage() {
  const navigate = useNavigate()
  const session = useSession()
  const [doomed, setDoomed] = useState<Image>()
  return (
    <>
      <ResourceList
        title={t('Images')}
        subtitle={t('What instances are launched from (AMIs)')}
        collection={images}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(i) => i.Name ?? ''}
        placeholder={t('Find images')}
        order={{ column: 'created', isDown: false }}
        actions={(chosen) => (
          <>
            <Button
              look="danger"
              whyNot={
                chosen.length !== 1
                  ? t('Select one image')
                  : chosen[0]?.OwnerId === session?.account
                    ? undefined
                    : t('It is not yours')
              }
              onClick={() => setDoomed(chosen[0])}
            >
              {t('Deregister')}
            </Button>
            <Button
              look="primary"
              whyNot={chosen.length === 1 ? undefined : t('Select one image')}
              onClick={() => void navigate(`/console/launch?image=${chosen[0]?.ImageId}`)}
            >
              {t('Launch instance from it')}
            </Button>
          </>
        )}
        empty={
          <Empty title={t('No images yet')}>
            <p>{t('Build one below: tiny takes seconds.')}</p>
          </Empty>
        }
      />
      <div className="inner after">
        <More />
        <UploadImage />
      </div>
      {doomed && (
        <Modal
          title={t('Deregister {name}?', { name: doomed.Name ?? '' })}
          onClose={() => setDoomed(undefined)}
          submit={{
            label: t('Deregister'),
            isDanger: true,
            run: async () => {
              const { ImageId } = doomed
              await ec2().send(new DeregisterImageCommand({ ImageId }))
              setDoomed(undefined)
            },
          }}
        >
          <p>{t('Instances that were launched from it stay, and so do its snapshots.')}</p>
        </Modal>
      )}
    </>
  )
}

/** For who runs the host: what it can make. */
function More() {
  const { data } = useQuery({ queryKey: ['image-listing'], queryFn: imagesRead, retry: false })
  const more = data?.filter((one) => one.status !== 'registered') ?? []
  if (more.length === 0) return null
  return (
    <Card title={t('This host can build or pull')}>
      <div className="choices">
        {more.map((one) => (
          <div key={one.name} className="choice" style={{ cursor: 'default' }}>
            <strong>{one.name}</strong>
            <span className="muted small">{one.description}</span>
            {one.status === 'building' ? <State name="building" /> : <MakeImage listing={one} />}
          </div>
        ))}
      </div>
    </Card>
  )
}
