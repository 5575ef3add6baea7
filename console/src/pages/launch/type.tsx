/** Which size: what this host offers, with a finder that goes from needs to types. */
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2'
import { useId, useMemo, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useCollection } from '../../aws/collection.ts'
import { instanceTypes } from '../../aws/ec2.ts'
import { hostsRead } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Button, Card, Field, Note } from '../../ui/parts.tsx'
import { needsFrom, sizeOf, suggest, type Needs } from '../../util/sizes.ts'
import type { PartProps } from './page.tsx'

const SHOWN_MAX = 6

export function TypeChoice({ draft, change }: PartProps) {
  const id = useId()
  const { data = [], isFetching } = useCollection(instanceTypes)
  const { data: host } = useQuery({ queryKey: ['host'], queryFn: hostsRead, retry: false })
  const [isFinding, setFinding] = useState(false)
  const found = data.find((one) => one.InstanceType === draft.instanceType)
  const size = found && sizeOf(found)
  const most = host && Math.max(...host.hosts.map((one) => one.cpuCount))
  return (
    <Card
      title={t('Instance type')}
      actions={
        <Button isSmall aria-expanded={isFinding} onClick={() => setFinding(!isFinding)}>
          {t('Find one for my workload')}
        </Button>
      }
    >
      <div className="stack">
        <Field
          label={t('Instance type')}
          id={id}
          hint={
            size
              ? t('{v} vCPUs, {m} GiB of memory', { v: size.vcpus, m: size.memoryGiB })
              : isFetching
                ? t('Loading the types that this host offers…')
                : undefined
          }
          wrong={data.length > 0 && !found ? t('This host does not offer such a type.') : undefined}
        >
          <input
            id={id}
            className="input"
            list={`${id}-types`}
            value={draft.instanceType}
            onChange={(event) => change({ instanceType: event.target.value.trim() })}
          />
          <datalist id={`${id}-types`}>
            {data.map((one) => {
              const { vcpus, memoryGiB } = sizeOf(one)
              return (
                <option key={one.InstanceType} value={one.InstanceType}>
                  {t('{v} vCPUs, {m} GiB', { v: vcpus, m: memoryGiB })}
                </option>
              )
            })}
          </datalist>
        </Field>
        {size && most !== undefined && size.vcpus > most && (
          <Note tone="warn">
            {t('The largest host has {n} processors: {v} vCPUs share them.', {
              n: most,
              v: size.vcpus,
            })}
          </Note>
        )}
        {isFinding && (
          <Finder
            types={data}
            chosen={draft.instanceType}
            onChoose={(instanceType) => change({ instanceType })}
          />
        )}
      </div>
    </Card>
  )
}

function Finder(props: {
  types: readonly InstanceTypeInfo[]
  chosen: string
  onChoose(type: string): void
}) {
  const { types, chosen, onChoose } = props
  const id = useId()
  const [words, setWords] = useState('')
  const [needs, setNeeds] = useState<Needs>({ vcpus: 1, memoryGiB: 1, isSteady: false })
  const suggestions = useMemo(() => suggest(types, needs).slice(0, SHOWN_MAX), [types, needs])
  const say = (text: string): void => {
    setWords(text)
    const said = needsFrom(text)
    if (said) setNeeds(said)
  }
  return (
    <div className="stack" style={{ padding: 12, background: 'var(--sunken)', borderRadius: 8 }}>
      <Field
        label={t('Describe your workload')}
        id={`${id}w`}
        hint={t(
          'For example: a PostgreSQL database for 50 users; a build server; 4 cores and 8 GB',
        )}
      >
        <input
          id={`${id}w`}
          className="input"
          value={words}
          onChange={(event) => say(event.target.value)}
        />
      </Field>
      <div className="row wrap" style={{ alignItems: 'flex-end' }}>
        <Field label={t('vCPUs, at least')} id={`${id}v`}>
          <input
            id={`${id}v`}
            className="input narrow"
            type="number"
            min={1}
            value={needs.vcpus}
            onChange={(event) => setNeeds({ ...needs, vcpus: Math.max(1, +event.target.value) })}
          />
        </Field>
        <Field label={t('Memory, GiB')} id={`${id}m`}>
          <input
            id={`${id}m`}
            className="input narrow"
            type="number"
            min={0.5}
            step={0.5}
            value={needs.memoryGiB}
            onChange={(event) =>
              setNeeds({ ...needs, memoryGiB: Math.max(0.5, +event.target.value) })
            }
          />
        </Field>
        <label className="check">
          <input
            type="checkbox"
            checked={needs.isSteady}
            onChange={(event) => setNeeds({ ...needs, isSteady: event.target.checked })}
          />
          {t('Busy all the time')}
        </label>
      </div>
      <div className="choices" role="radiogroup" aria-label={t('Types that fit')}>
        {suggestions.map(({ type, why }) => (
          <button
            key={type}
            type="button"
            role="radio"
            aria-checked={type === chosen}
            className="choice"
            onClick={() => onChoose(type)}
          >
            <strong>{type}</strong>
            <span className="muted small">{why}</span>
          </button>
        ))}
        {suggestions.length === 0 && (
          <p className="muted">{t('No type of this host is that large.')}</p>
        )}
      </div>
    </div>
  )
}
