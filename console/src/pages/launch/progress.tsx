/** After the button: live, from the request to the moment when SSH answers. */
import type { Instance } from '@aws-sdk/client-ec2'
import { useEffect, useRef, useState } from 'react'
import { useCollection } from '../../aws/collection.ts'
import { instances } from '../../aws/ec2.ts'
import { sshAwait } from '../../aws/host.ts'
import { plural, t } from '../../text/t.ts'
import { Button, ButtonLink, Card, Note, PageHead } from '../../ui/parts.tsx'
import { stateOf, titleOf } from '../../util/instance.ts'

const SHOWN_MAX = 10

export function Progress({ ids, onAgain }: { ids: readonly string[]; onAgain(): void }) {
  const { data = [] } = useCollection(instances)
  const own = ids.map((id) => data.find((one) => one.InstanceId === id))
  return (
    <div className="inner">
      <PageHead
        title={plural(ids.length, 'Your instance is on its way', '{n} instances are on their way')}
        actions={
          <>
            <Button onClick={onAgain}>{t('Launch another')}</Button>
            <ButtonLink to="/console/instances">{t('All instances')}</ButtonLink>
          </>
        }
      />
      {ids.slice(0, SHOWN_MAX).map((id, n) => (
        <One key={id} id={id} instance={own[n]} />
      ))}
      {ids.length > SHOWN_MAX && (
        <Note>{t('And {n} more, in the list of instances.', { n: ids.length - SHOWN_MAX })}</Note>
      )}
    </div>
  )
}

function One({ id, instance }: { id: string; instance: Instance | undefined }) {
  const [startedAt] = useState(() => performance.now())
  const state = instance && stateOf(instance)
  const isRunning = state === 'running'
  const hasFailed = state === 'terminated' || state === 'shutting-down' || state === 'stopped'
  const runningMs = useMoment(isRunning, startedAt)
  const { banner, wrong } = useSsh(id, isRunning && Boolean(instance?.PublicIpAddress))
  const answersMs = useMoment(banner !== undefined, startedAt)
  const steps: [boolean, string, string][] = [
    [true, t('Accepted'), id],
    [
      isRunning,
      t('Running'),
      runningMs === undefined
        ? t('disks, network and the hypervisor are set up')
        : seconds(runningMs),
    ],
    [
      banner !== undefined,
      t('SSH answers'),
      banner === undefined
        ? (wrong ??
          (isRunning && !instance?.PublicIpAddress
            ? t('it has no public address')
            : t('the guest starts its services')))
        : `${seconds(answersMs ?? 0)}, ${banner}`,
    ],
  ]
  const now = steps.findIndex(([isDone]) => !isDone)
  return (
    <Card
      title={instance ? titleOf(instance) : id}
      actions={
        <>
          <ButtonLink to={`/console/instances/${id}`}>{t('Details')}</ButtonLink>
          <ButtonLink
            to={`/console/connect/${id}`}
            look={banner === undefined ? 'plain' : 'primary'}
          >
            {t('Connect')}
          </ButtonLink>
        </>
      }
    >
      <ol className="steps" aria-live="polite">
        {steps.map(([isDone, title, words], n) => (
          <li key={title} className={isDone ? 'done' : n === now && !hasFailed ? 'now' : ''}>
            <span className="dot">{isDone ? '✓' : n + 1}</span>
            <div>
              <strong>{title}</strong> <span className="muted">{words}</span>
            </div>
          </li>
        ))}
      </ol>
      {hasFailed && (
        <Note tone="bad">
          {t('It is {state}: {why}', {
            state: state ?? '',
            why: instance?.StateReason?.Message ?? instance?.StateTransitionReason ?? '',
          })}
        </Note>
      )}
    </Card>
  )
}

const seconds = (ms: number): string => t('after {n} s', { n: (ms / 1000).toFixed(1) })

/** When something first became true. */
function useMoment(isTrue: boolean, startedAt: number): number | undefined {
  const moment = useRef<number>(undefined)
  if (isTrue && moment.current === undefined) moment.current = performance.now() - startedAt
  return moment.current
}

function useSsh(id: string, isWanted: boolean): { banner?: string; wrong?: string } {
  const [found, setFound] = useState<{ banner?: string; wrong?: string }>({})
  useEffect(() => {
    if (!isWanted) return
    const abort = new AbortController()
    const look = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        const banner = await sshAwait(id, abort.signal)
        if (banner !== null) return setFound({ banner })
        setFound({ wrong: t('not yet; does its firewall let this host in?') })
      }
    }
    look().catch((error: Error) => {
      if (!abort.signal.aborted) setFound({ wrong: error.message })
    })
    return () => abort.abort()
  }, [id, isWanted])
  return found
}
