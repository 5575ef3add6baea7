/** A dashboard, drawn: its widgets on CloudWatch's grid of 24 columns, one beneath the other where it is narrow. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { wordsOf } from '../../aws/clients.ts'
import { queryClient } from '../../aws/collection.ts'
import { dashboardRead, dashboardsRemove, dashboardWrite } from '../../aws/dashboards.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Button, Empty, Note, PageHead } from '../../ui/parts.tsx'
import { toast } from '../../ui/toasts.tsx'
import { secondsOf, widgetsOf } from './body.ts'
import { AddGraph, DashboardForm } from './form.tsx'
import { WidgetView } from './widget.tsx'

const HOUR_S = 3_600
const SPANS: readonly [string, number][] = [
  [t('1 hour'), HOUR_S],
  [t('3 hours'), 3 * HOUR_S],
  [t('12 hours'), 12 * HOUR_S],
  [t('1 day'), 24 * HOUR_S],
  [t('1 week'), 168 * HOUR_S],
]
const ROW_PX = 44

/** @returns nothing for what is no JSON. */
function drawnOf(body: string | undefined) {
  if (body === undefined) return undefined
  try {
    return { widgets: widgetsOf(body), seconds: secondsOf(body) }
  } catch {
    return null
  }
}

export default function DashboardPage() {
  const { name = '' } = useParams()
  const navigate = useNavigate()
  const queryKey = ['dashboard', name]
  const { data: body, error } = useQuery({
    queryKey,
    queryFn: () => dashboardRead(name),
    retry: false,
  })
  const [chosen, setChosen] = useState<number>()
  const [form, setForm] = useState<'body' | 'graph'>()
  const drawn = useMemo(() => drawnOf(body), [body])
  const seconds = chosen ?? drawn?.seconds ?? 3 * HOUR_S
  const spans = SPANS.some(([, one]) => one === seconds)
    ? SPANS
    : [...SPANS, [t('{n} h', { n: (seconds / HOUR_S).toFixed(1) }), seconds] as const]
  useEffect(() => {
    document.title = `${name} · Brume`
  }, [name])
  const save = async (_name: string, next: string): Promise<void> => {
    const odd = await dashboardWrite(name, next)
    await queryClient.invalidateQueries({ queryKey })
    setForm(undefined)
    toast(odd.length > 0 ? t('Saved. {odd}', { odd: odd.join(' ') }) : t('Saved'))
  }
  return (
    <div className="inner">
      <nav aria-label={t('Where you are')} className="small crumbs">
        <Link to="/console/dashboards">{t('Dashboards')}</Link> <span className="muted">/</span>{' '}
        <bdi>{name}</bdi>
      </nav>
      <PageHead
        title={<bdi>{name}</bdi>}
        actions={
          body !== undefined && (
            <>
              <select
                className="input"
                style={{ width: 'auto' }}
                aria-label={t('How far back')}
                value={seconds}
                onChange={(event) => setChosen(Number(event.target.value))}
              >
                {spans.map(([words, one]) => (
                  <option key={one} value={one}>
                    {words}
                  </option>
                ))}
              </select>
              <Button
                look="danger"
                onClick={() =>
                  ask({
                    title: t('Delete {name}?', { name }),
                    words: t('Its widgets go; the metrics and alarms that they show stay.'),
                    done: t('Deleted'),
                    run: async () => {
                      await dashboardsRemove([name])
                      void navigate('/console/dashboards')
                    },
                  })
                }
              >
                {t('Delete')}
              </Button>
              <Button onClick={() => setForm('body')}>{t('Change')}</Button>
              <Button look="primary" onClick={() => setForm('graph')}>
                {t('Add a graph')}
              </Button>
            </>
          )
        }
      />
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {body === undefined && !error && <p className="muted">{t('Loading…')}</p>}
      {drawn === null && <Note tone="warn">{t('Its body is no JSON.')}</Note>}
      {drawn?.widgets.length === 0 && (
        <Empty title={t('Nothing on it yet')}>
          <p>{t('Add a graph of a metric, or change its body as CloudWatch has it.')}</p>
        </Empty>
      )}
      <div className="dashboard">
        {drawn?.widgets.map((one, n) => (
          <div
            // Widgets have no name; another body makes them anew.
            // oxlint-disable-next-line react/no-array-index-key
            key={n}
            className="widget"
            style={{
              gridColumn: `${one.place ? `${one.place.x + 1} / ` : ''}span ${one.width}`,
              gridRow: `${one.place ? `${one.place.y + 1} / ` : ''}span ${one.height}`,
              order: one.place ? one.place.y * 24 + one.place.x : n,
              minHeight: Math.min(one.height, 4) * ROW_PX,
            }}
          >
            <WidgetView content={one.content} seconds={seconds} />
          </div>
        ))}
      </div>
      {form === 'body' && (
        <DashboardForm name={name} body={body!} save={save} onClose={() => setForm(undefined)} />
      )}
      {form === 'graph' && (
        <AddGraph
          body={body!}
          save={(next) => save(name, next)}
          onClose={() => setForm(undefined)}
        />
      )}
    </div>
  )
}
