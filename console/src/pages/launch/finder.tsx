/**
 * From a workload in plain words to types that suit it, ranked and explained, by the recommender of the host. Where it
 * is not one's own to ask, sizes find types.
 */
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2'
import { useMemo, useState, type FormEvent } from 'react'
import type { Recommended } from '../../../../src/domain/recommend/recommend.ts'
import { wordsOf } from '../../aws/clients.ts'
import { ApiError, apiPost } from '../../aws/http.ts'
import { t } from '../../text/t.ts'
import { cpusText } from '../../util/instance.ts'
import { Button, InputField, Note, NumberField } from '../../ui/parts.tsx'
import { suggest, type Needs } from '../../util/sizes.ts'

export interface FinderProps {
  types: readonly InstanceTypeInfo[]
  chosen: string
  onChoose(type: string): void
}

const SHOWN_MAX = 6

export function Finder(props: FinderProps) {
  const [text, setText] = useState('')
  const [answer, setAnswer] = useState<Recommended>()
  const [wrong, setWrong] = useState<string>()
  const [isOthers, setOthers] = useState(false)
  const ask = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    try {
      const question = { text, priority: 'host', limit: SHOWN_MAX }
      setAnswer(await apiPost<Recommended>('/api/recommend', question))
      setWrong(undefined)
    } catch (error) {
      setWrong(wordsOf(error))
      if (error instanceof ApiError && error.status === 403) setOthers(true)
    }
  }
  return (
    <div className="stack sunken">
      {isOthers ? (
        <BySize {...props} />
      ) : (
        <form className="row" style={{ alignItems: 'flex-end' }} onSubmit={(e) => void ask(e)}>
          <div className="grow">
            <InputField
              label={t('Describe your workload')}
              placeholder={t('for example: a PostgreSQL for 50 users, 8 GB of memory, cheap')}
              value={text}
              onChange={setText}
            />
          </div>
          <Button
            type="submit"
            whyNot={text.trim() ? undefined : t('Say what it is for')}
            onClick={() => {}}
          >
            {t('Recommend')}
          </Button>
        </form>
      )}
      {wrong !== undefined && <Note tone="warn">{wrong}</Note>}
      {answer && <Answer answer={answer} {...props} />}
    </div>
  )
}

function Answer({ answer, types, chosen, onChoose }: FinderProps & { answer: Recommended }) {
  const offered = new Set(types.map((one) => one.InstanceType as string))
  return (
    <>
      <p className="small" role="status">
        <strong>{answer.workload.title}</strong>{' '}
        <span className="muted">
          {answer.workload.isAssumed && t('(taken for that: the words named no workload)')}
        </span>
      </p>
      <div className="choices" role="radiogroup" aria-label={t('Types that suit it')}>
        {answer.recommendations.map((one) => {
          // What fits now where the best does not.
          const type = offered.has(one.instanceType)
            ? one.instanceType
            : (one.host.nearest ?? one.instanceType)
          const isOffered = offered.has(type)
          return (
            <button
              key={one.instanceType}
              type="button"
              role="radio"
              className="choice"
              aria-checked={type === chosen}
              aria-disabled={!isOffered}
              onClick={() => isOffered && onChoose(type)}
            >
              <strong>{type}</strong>
              <span className="muted small">
                {t('{v}, {m} GiB', { v: cpusText(one.vcpus), m: one.memoryGiB })}
                {one.usdPerHour !== null && `, $${one.usdPerHour}/h ${t('on AWS')}`}
              </span>
              <span className="small">{one.reasons.slice(0, 2).join(' ')}</span>
              {(!isOffered || type !== one.instanceType) && (
                <span className="chip warn">
                  {isOffered
                    ? t('instead of {type}, which this host cannot run', { type: one.instanceType })
                    : t('not on this host')}
                </span>
              )}
            </button>
          )
        })}
      </div>
      {answer.nearest && (
        <Note tone="warn">
          {t('No type has all of it. {type} misses least:', { type: answer.nearest.instanceType })}{' '}
          {answer.nearest.missed.join(', ')}
        </Note>
      )}
    </>
  )
}

function BySize({ types, chosen, onChoose }: FinderProps) {
  const [needs, setNeeds] = useState<Needs>({ vcpus: 1, memoryGiB: 1, isSteady: false })
  const found = useMemo(() => suggest(types, needs).slice(0, SHOWN_MAX), [types, needs])
  return (
    <>
      <div className="row wrap" style={{ alignItems: 'flex-end' }}>
        <NumberField
          label={t('vCPUs, at least')}
          isNarrow
          min={1}
          value={needs.vcpus}
          onChange={(vcpus) => setNeeds({ ...needs, vcpus })}
        />
        <NumberField
          label={t('Memory, GiB')}
          isNarrow
          min={0.5}
          step={0.5}
          value={needs.memoryGiB}
          onChange={(memoryGiB) => setNeeds({ ...needs, memoryGiB })}
        />
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
        {found.map(({ type, why }) => (
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
        {found.length === 0 && <p className="muted">{t('No type of this host is that large.')}</p>}
      </div>
    </>
  )
}
