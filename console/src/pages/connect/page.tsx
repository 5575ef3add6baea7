/** Ways into a machine: a terminal by SSH, the serial console, the screen, and commands to copy. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Link, useParams } from 'react-router'
import { useCollection } from '../../aws/collection.ts'
import { images, instances } from '../../aws/ec2.ts'
import { imagesRead } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Note, PageHead, State } from '../../ui/parts.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { stateOf, titleOf } from '../../util/instance.ts'
import { Commands } from './commands.tsx'

const Shell = lazy(() => import('./shell.tsx'))
const Serial = lazy(() => import('./serial.tsx'))
const Screen = lazy(() => import('./screen.tsx'))

const WAYS: readonly [string, string][] = [
  ['ssh', t('SSH terminal')],
  ['serial', t('Serial console')],
  ['screen', t('Screen')],
  ['commands', t('Commands')],
]

export default function ConnectPage() {
  const { id = '', way = 'ssh' } = useParams()
  const { data } = useCollection(instances)
  const instance = data?.find((one) => one.InstanceId === id)
  const user = useUser(instance?.ImageId)
  const title = instance ? titleOf(instance) : id
  useEffect(() => {
    document.title = `${title} · Brume`
  }, [title])
  if (!instance) {
    return (
      <div className="empty">
        {data === undefined
          ? t('Loading…')
          : t('There is no instance {id} in this region.', { id })}
      </div>
    )
  }
  const isRunning = stateOf(instance) === 'running'
  return (
    <div className="inner full">
      <nav aria-label={t('Where you are')} className="small crumbs">
        <Link to="/console/instances">{t('Instances')}</Link> <span className="muted">/</span>{' '}
        <Link className="mono" to={`/console/instances/${id}`}>
          {id}
        </Link>
      </nav>
      <PageHead
        title={
          <span className="row wrap" style={{ gap: 12 }}>
            {t('Connect to {name}', { name: title })} <State name={instance.State?.Name} />
          </span>
        }
      />
      <Tabs
        label={t('Ways to connect')}
        entries={WAYS}
        current={way}
        to={(name) => `/console/connect/${id}/${name}`}
      />
      {isRunning || way === 'commands' ? (
        <Suspense fallback={<div className="empty">{t('Loading…')}</div>}>
          {way === 'ssh' && <Shell key={id} instance={instance} user={user} />}
          {way === 'serial' && <Serial key={id} instance={instance} />}
          {way === 'screen' && <Screen key={id} instance={instance} />}
          {way === 'commands' && <Commands instance={instance} user={user} />}
        </Suspense>
      ) : (
        <Note tone="warn">
          {t('It is {state}: only a running instance can be connected to.', {
            state: stateOf(instance),
          })}
        </Note>
      )}
    </div>
  )
}

/** Who logs in: the image says so where the host knows it, else its name does. */
function useUser(imageId: string | undefined): string {
  const { data: listings = [] } = useQuery({
    queryKey: ['image-listing'],
    queryFn: imagesRead,
    retry: false,
  })
  const { data = [] } = useCollection(images)
  const known = listings.find((one) => one.imageId === imageId)?.defaultUser
  if (known) return known
  const name = data.find((one) => one.ImageId === imageId)?.Name ?? ''
  const users: readonly [RegExp, string][] = [
    [/debian/i, 'admin'],
    [/ubuntu/i, 'ubuntu'],
    [/fedora/i, 'fedora'],
  ]
  return users.find(([pattern]) => pattern.test(name))?.[1] ?? 'ec2-user'
}
