/** Launching instances: AWS's single page, from the name to the button, with what becomes of it beside. */
import { useEffect, useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useCollection } from '../../aws/collection.ts'
import { images, instances, keyPairs, securityGroups, vpcs } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Button, Card, InputField, PageHead } from '../../ui/parts.tsx'
import { privateKeyOf } from '../../util/private-keys.ts'
import { Advanced } from './advanced.tsx'
import { draftNew, type Draft } from './draft.ts'
import { KeyChoice } from './key.tsx'
import { NetworkChoice } from './network.tsx'
import { Progress } from './progress.tsx'
import { StorageChoice } from './storage.tsx'
import { Summary } from './summary.tsx'
import { SystemChoice } from './system.tsx'
import { TypeChoice } from './type.tsx'
import type { PartProps } from './part.ts'

export default function LaunchPage() {
  const [query] = useSearchParams()
  const [draft, setDraft] = useState<Draft>(draftNew)
  const [launched, setLaunched] = useState<readonly string[]>()
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }))
  useDefaults(draft, change)
  useLike(query.get('like'), change)
  const wanted = query.get('image')
  useEffect(() => {
    if (wanted) change({ imageId: wanted })
  }, [wanted])
  useEffect(() => {
    document.title = `${t('Launch instances')} · Brume`
  }, [])
  if (launched) {
    return <Progress ids={launched} onAgain={() => setLaunched(undefined)} />
  }
  const part = { draft, change }
  return (
    <div className="inner">
      <PageHead
        title={t('Launch an instance')}
        subtitle={t('Only the name is yours to think of; everything else has a sensible default.')}
      />
      <div className="launch">
        <div className="stack" style={{ gap: 16 }}>
          <NameAndTags {...part} />
          <SystemChoice {...part} />
          <TypeChoice {...part} />
          <KeyChoice {...part} />
          <NetworkChoice {...part} />
          <StorageChoice {...part} />
          <Advanced {...part} />
        </div>
        <Summary draft={draft} change={change} onLaunched={setLaunched} />
      </div>
    </div>
  )
}

/** Fills in what can be known: the first image, the default network, a free name for the group. */
function useDefaults(draft: Draft, change: PartProps['change']): void {
  const { data: allImages } = useCollection(images)
  const { data: allVpcs } = useCollection(vpcs)
  const { data: allGroups } = useCollection(securityGroups)
  const { data: allKeys } = useCollection(keyPairs)
  const image = useMemo(() => {
    const own = allImages?.filter((one) => one.State === 'available') ?? []
    return own.find((one) => /tiny/.test(one.Name ?? '')) ?? own[0]
  }, [allImages])
  const chosen = allImages?.find((one) => one.ImageId === draft.imageId)
  useEffect(() => {
    if (draft.imageId === '' && image?.ImageId) change({ imageId: image.ImageId })
  }, [image])
  useEffect(() => {
    // The root disk is at least what the image holds.
    const device = chosen?.RootDeviceName
    const own = chosen?.BlockDeviceMappings?.find((one) => one.DeviceName === device)
    if (!chosen || !device) return
    change({ root: { ...draft.root, device, sizeGiB: Math.max(own?.Ebs?.VolumeSize ?? 8, 1) } })
  }, [chosen?.ImageId])
  useEffect(() => {
    // One that this tab can log in with.
    const usable = allKeys?.find((one) => privateKeyOf(one.KeyName) !== undefined)
    if (draft.keyName === null && usable?.KeyName) change({ keyName: usable.KeyName })
  }, [allKeys])
  useEffect(() => {
    const vpc = allVpcs?.find((one) => one.IsDefault) ?? allVpcs?.[0]
    if (draft.vpcId === '' && vpc?.VpcId) change({ vpcId: vpc.VpcId })
  }, [allVpcs])
  useEffect(() => {
    if (!allGroups || draft.groups.mode !== 'new' || draft.groups.name !== '') return
    const names = new Set(allGroups.map((one) => one.GroupName))
    let n = 1
    while (names.has(`launch-wizard-${n}`)) n += 1
    change({ groups: { ...draft.groups, name: `launch-wizard-${n}` } })
  }, [allGroups])
}

/** "Launch more like this": what the other one is, is filled in. */
function useLike(id: string | null, change: PartProps['change']): void {
  const { data } = useCollection(instances)
  const like = data?.find((one) => one.InstanceId === id)
  useEffect(() => {
    if (!like) return
    change({
      tags: (like.Tags ?? [])
        .filter((tag) => tag.Key !== 'Name' && !tag.Key?.startsWith('aws:'))
        .map((tag) => ({ key: tag.Key ?? '', value: tag.Value ?? '' })),
      imageId: like.ImageId ?? '',
      instanceType: like.InstanceType ?? '',
      keyName: like.KeyName ?? null,
      vpcId: like.VpcId ?? '',
      subnetId: like.SubnetId ?? '',
      groups: {
        mode: 'existing',
        ids: like.SecurityGroups?.map((group) => group.GroupId ?? '') ?? [],
      },
    })
  }, [like?.InstanceId])
}

function NameAndTags({ draft, change }: PartProps) {
  const set = (at: number, part: { key?: string; value?: string }): void =>
    change({ tags: draft.tags.map((tag, n) => (n === at ? { ...tag, ...part } : tag)) })
  return (
    <Card title={t('Name and tags')}>
      <div className="stack">
        <InputField
          label={t('Name')}
          placeholder={t('for example: web')}
          value={draft.name}
          autoFocus
          onChange={(text) => change({ name: text })}
        />
        {draft.tags.map((tag, n) => (
          // oxlint-disable-next-line react/no-array-index-key
          <div key={n} className="row">
            <input
              className="input"
              aria-label={t('Key')}
              placeholder={t('Key')}
              value={tag.key}
              onChange={(event) => set(n, { key: event.target.value })}
            />
            <input
              className="input"
              aria-label={t('Value')}
              placeholder={t('Value')}
              value={tag.value}
              onChange={(event) => set(n, { value: event.target.value })}
            />
            <Button
              isSmall
              aria-label={t('Remove this tag')}
              onClick={() => change({ tags: draft.tags.filter((_, index) => index !== n) })}
            >
              ✕
            </Button>
          </div>
        ))}
        <div>
          <Button isSmall onClick={() => change({ tags: [...draft.tags, { key: '', value: '' }] })}>
            {t('Add tag')}
          </Button>
        </div>
      </div>
    </Card>
  )
}
