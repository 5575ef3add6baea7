/** Calls as a list: when, who, what, about what, how it ended; the whole record when one asks for it. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { wordsOf } from '../aws/clients.ts'
import { trailRead, type TrailEntry, type TrailFilter } from '../aws/trail.ts'
import { t } from '../text/t.ts'
import { Modal } from './modal.tsx'
import { Button, Code, Note } from './parts.tsx'
import { PlainTable } from './plain-table.tsx'

const STEP = 50
const POLL_MS = 5_000
const RESOURCES_MAX = 3
const WHEN = {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const

export function TrailList({ filter, without }: { filter: TrailFilter; without?: string }) {
  const [count, setCount] = useState(STEP)
  const [about, setAbout] = useState<TrailEntry>()
  const { data, error } = useQuery({
    queryKey: ['trail', filter, count],
    queryFn: () => trailRead(filter, count),
    refetchInterval: POLL_MS,
    placeholderData: (before) => before,
    retry: false,
  })
  if (error) return <Note tone="warn">{wordsOf(error)}</Note>
  if (!data) return <div className="empty">{t('Loading…')}</div>
  if (data.entries.length === 0)
    return <div className="empty">{t('Nothing fits this filter.')}</div>
  return (
    <>
      <PlainTable
        label={t('Calls')}
        head={[t('Time'), t('What'), t('Outcome'), t('User'), t('About')]}
      >
        {data.entries.map((entry) => (
          <tr key={entry.id}>
            <td className="nowrap muted">{entry.at.toLocaleString('en', WHEN)}</td>
            <td className="nowrap">
              <Button look="link" onClick={() => setAbout(entry)}>
                {entry.operation}
              </Button>{' '}
              <span className="muted small">{entry.service}</span>
            </td>
            <td>
              {entry.error === null ? (
                <span className="state good">{t('done')}</span>
              ) : (
                <span className="state bad" title={entry.errorMessage ?? ''}>
                  {entry.error.replace(/^(?:Client|Server)\./, '')}
                </span>
              )}
            </td>
            <td className="nowrap">
              {entry.user} <span className="muted small">{entry.sourceAddress}</span>
            </td>
            <td className="nowrap">
              <About entry={entry} without={without} />
            </td>
          </tr>
        ))}
      </PlainTable>
      {data.isMore && (
        <div style={{ padding: 12 }}>
          <Button onClick={() => setCount(count + STEP)}>{t('Show older ones')}</Button>
        </div>
      )}
      {about && <Record entry={about} onClose={() => setAbout(undefined)} />}
    </>
  )
}

function About({ entry, without }: { entry: TrailEntry; without: string | undefined }) {
  const others = entry.resources.filter(({ name }) => name !== without)
  const more = others.length - RESOURCES_MAX
  return (
    <>
      {others.slice(0, RESOURCES_MAX).map(({ name }, n) => (
        <span key={name}>
          {n > 0 && ', '}
          {name.startsWith('i-') ? (
            <Link className="mono" to={`/console/instances/${name}`}>
              {name}
            </Link>
          ) : (
            <span className="mono" title={name}>
              {name.split(/[:/]/).at(-1)}
            </span>
          )}
        </span>
      ))}
      {more > 0 && <span className="muted"> {t('and {n} more', { n: more })}</span>}
    </>
  )
}

function Record({ entry, onClose }: { entry: TrailEntry; onClose(): void }) {
  return (
    <Modal title={entry.operation} onClose={onClose} isWide>
      {entry.errorMessage && <Note tone="bad">{entry.errorMessage}</Note>}
      <Code text={JSON.stringify(entry.record, null, 2)} label={t('The record')} />
    </Modal>
  )
}
