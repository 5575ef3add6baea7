/** Which operating system: what is here, one's own images, and what can be built or pulled with one click. */
import type { Image } from '@aws-sdk/client-ec2'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCollection, useSession } from '../../aws/collection.ts'
import { images } from '../../aws/ec2.ts'
import { imagesRead, type ImageListing } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Card, State } from '../../ui/parts.tsx'
import { MakeImage } from '../image-make.tsx'
import type { PartProps } from './part.ts'

type Group = 'here' | 'mine' | 'more'

export function SystemChoice({ draft, change }: PartProps) {
  const session = useSession()
  const { data = [] } = useCollection(images)
  const { data: listings = [] } = useQuery({
    queryKey: ['image-listing'],
    queryFn: imagesRead,
    retry: false,
  })
  const [group, setGroup] = useState<Group>('here')
  const [words, setWords] = useState('')
  const fits = (text: string): boolean =>
    words
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.toLowerCase().includes(word))
  const isMine = (image: Image): boolean => image.OwnerId === session?.account
  const shown = data.filter(
    (image) =>
      (group === 'mine' ? isMine(image) : !isMine(image)) &&
      fits(`${image.Name} ${image.Description} ${image.ImageId}`),
  )
  const more = listings.filter(
    (one) => one.status !== 'registered' && fits(`${one.name} ${one.description}`),
  )
  const groups: [Group, string][] = [
    ['here', t('Ready to launch')],
    ['mine', t('My images')],
    ['more', t('Build or pull more')],
  ]
  return (
    <Card title={t('Operating system (AMI)')}>
      <div className="stack">
        <input
          type="search"
          className="input"
          aria-label={t('Search systems')}
          placeholder={t('Search by name, ID or description')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <div className="tabs" role="tablist">
          {groups.map(([id, name]) => (
            <button
              key={id}
              type="button"
              role="tab"
              aria-selected={group === id}
              onClick={() => setGroup(id)}
            >
              {name}
            </button>
          ))}
        </div>
        {group === 'more' ? (
          <More listings={more} onMade={(imageId) => change({ imageId })} />
        ) : (
          <div className="choices" role="radiogroup" aria-label={t('Images')}>
            {shown.map((image) => (
              <ImageCard
                key={image.ImageId}
                image={image}
                isChosen={image.ImageId === draft.imageId}
                onChoose={() => change({ imageId: image.ImageId ?? '' })}
              />
            ))}
            {shown.length === 0 && (
              <p className="muted">
                {group === 'mine'
                  ? t('You have no images yet: make one of an instance, or upload a disk.')
                  : t('No image fits. “Build or pull more” has others.')}
              </p>
            )}
          </div>
        )}
      </div>
    </Card>
  )
}

function ImageCard(props: { image: Image; isChosen: boolean; onChoose(): void }) {
  const { image, isChosen, onChoose } = props
  return (
    <button
      type="button"
      className="choice"
      role="radio"
      aria-checked={isChosen}
      onClick={onChoose}
    >
      <strong>{familyOf(image.Name ?? '')}</strong>
      <span className="muted small">{image.Description || image.Name}</span>
      <span className="row wrap small">
        <span className="mono muted">{image.ImageId}</span>
        <span className="chip">{image.Architecture}</span>
      </span>
    </button>
  )
}

/** `debian-12-amd64-20260101-1234`: Debian 12. */
export function familyOf(name: string): string {
  const known: readonly [RegExp, string][] = [
    [/tiny/, 'Brume tiny'],
    [/^debian-(\d+)/, 'Debian $1'],
    [/ubuntu[^0-9]*(\d+\.\d+)?/, 'Ubuntu $1'],
    [/fedora[^0-9]*(\d+)?/i, 'Fedora $1'],
    [/alma[^0-9]*(\d+)?/i, 'AlmaLinux $1'],
    [/^al(\d{4})/, 'Amazon Linux $1'],
  ]
  for (const [pattern, title] of known) {
    const match = pattern.exec(name)
    if (match) return title.replace('$1', match[1] ?? '').trim()
  }
  return name
}

function More(props: { listings: readonly ImageListing[]; onMade(imageId: string): void }) {
  const { listings, onMade } = props
  if (listings.length === 0) {
    return (
      <p className="muted">{t('Nothing more is known to this host, or it is not yours to ask.')}</p>
    )
  }
  return (
    <div className="choices">
      {listings.map((one) => (
        <div key={one.name} className="choice" style={{ cursor: 'default' }}>
          <strong>{one.name}</strong>
          <span className="muted small">{one.description}</span>
          {one.status === 'building' ? (
            <State name="building" />
          ) : (
            <MakeImage listing={one} onMade={onMade} />
          )}
        </div>
      ))}
    </div>
  )
}
