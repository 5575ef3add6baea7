/** Activity: who changed what in the cloud, what was refused, and why. The filter lives in the address. */
import { startTransition, useEffect, useOptimistic } from 'react'
import { useSearchParams } from 'react-router'
import type { TrailFilter } from '../aws/trail.ts'
import { t } from '../text/t.ts'
import { Card, Code, InputField, PageHead, SelectField } from '../ui/parts.tsx'
import { TrailList } from '../ui/trail-list.tsx'
import { shellWord } from '../util/shell.ts'

const HOUR_S = 3_600
const SPANS: readonly [string, string][] = [
  [String(HOUR_S), t('the last hour')],
  [String(24 * HOUR_S), t('the last day')],
  [String(7 * 24 * HOUR_S), t('the last week')],
  ['', t('all 90 days')],
]

export default function ActivityPage() {
  const [address, setAddress] = useSearchParams()
  // The address follows in a transition: what is chosen meanwhile is added to this, and nothing typed is lost.
  const [query, setQuery] = useOptimistic(address)
  useEffect(() => {
    document.title = `${t('Activity')} · Brume`
  }, [])
  const word = (name: string): string => query.get(name) ?? ''
  const set = (name: string) => (text: string) =>
    startTransition(() => {
      const next = new URLSearchParams(query)
      if (text === '') next.delete(name)
      else next.set(name, text)
      setQuery(next)
      setAddress(next, { replace: true })
    })
  const filter: TrailFilter = {
    seconds: word('span') === '' ? null : Number(word('span')),
    user: word('user').trim(),
    operation: word('operation').trim(),
    resource: word('resource').trim(),
    isErrorsOnly: word('outcome') === 'errors',
  }
  return (
    <div className="inner wide">
      <PageHead
        title={t('Activity')}
        subtitle={t('Every change, every sign-in and everything that was refused, for 90 days')}
      />
      <div className="filters">
        <InputField label={t('User')} value={word('user')} onChange={set('user')} />
        <InputField
          label={t('Operation')}
          placeholder="RunInstances"
          value={word('operation')}
          onChange={set('operation')}
        />
        <InputField
          label={t('Resource')}
          placeholder="i-…"
          value={word('resource')}
          onChange={set('resource')}
        />
        <SelectField label={t('When')} value={word('span')} onChange={set('span')}>
          {SPANS.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </SelectField>
        <SelectField label={t('Outcome')} value={word('outcome')} onChange={set('outcome')}>
          <option value="">{t('all')}</option>
          <option value="errors">{t('only errors')}</option>
        </SelectField>
      </div>
      <Card isPlain>
        <TrailList filter={filter} />
      </Card>
      <details>
        <summary className="muted">{t('The same with your own tools')}</summary>
        <Code text={commandOf(filter)} label="shell" />
      </details>
    </div>
  )
}

function commandOf({ resource, user, operation }: TrailFilter): string {
  const [key, value] = resource
    ? ['ResourceName', resource]
    : user
      ? ['Username', user]
      : ['EventName', operation]
  const quoted = shellWord(`AttributeKey=${key},AttributeValue=${value}`)
  return `aws cloudtrail lookup-events${value ? ` --lookup-attributes ${quoted}` : ''}`
}
