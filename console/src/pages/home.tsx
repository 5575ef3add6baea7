/** The first page: what is going on, what wants attention, and, when nothing is there yet, three steps to a machine. */
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Link } from 'react-router'
import { wordsOf } from '../aws/clients.ts'
import { useCollection, useSession } from '../aws/collection.ts'
import { images, instances, snapshots, volumes } from '../aws/ec2.ts'
import { hostsRead, type HostReport } from '../aws/host.ts'
import { plural, t } from '../text/t.ts'
import { Bar, ButtonLink, Card, Fact, Note, PageHead, State } from '../ui/parts.tsx'
import { PlainTable } from '../ui/plain-table.tsx'
import { ago, lasting, sizeText, stateOf, titleOf } from '../util/instance.ts'

export function HomePage() {
  const session = useSession()
  const { data: machines, error } = useCollection(instances)
  const { data: disks } = useCollection(volumes)
  const { data: snaps } = useCollection(snapshots)
  useEffect(() => {
    document.title = 'Brume'
  }, [])
  const live = machines?.filter((one) => stateOf(one) !== 'terminated')
  const loose = disks?.filter((one) => one.State === 'available')
  const number = (n: number | undefined): string =>
    n === undefined ? (error ? '–' : '…') : n.toLocaleString('en')
  const running = live?.filter((one) => stateOf(one) === 'running')
  const gib = disks?.reduce((sum, one) => sum + (one.Size ?? 0), 0)
  return (
    <div className="inner">
      <PageHead
        title={t('Home')}
        subtitle={t('Account {account}, {region}', {
          account: session?.account ?? '',
          region: session?.region ?? '',
        })}
        actions={
          <ButtonLink to="/console/launch" look="primary">
            {t('Launch instances')}
          </ButtonLink>
        }
      />
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {live?.length === 0 && <FirstSteps />}
      <div className="tiles">
        <Tile
          to="/console/instances?f=Instance+state+%3D+running"
          n={number(running?.length)}
          name={of(running, t('running instance'), t('running instances'))}
        />
        <Tile
          to="/console/instances"
          n={number(live?.length)}
          name={of(live, t('instance in all'), t('instances in all'))}
        />
        <Tile
          to="/console/volumes"
          n={number(disks?.length)}
          name={of(
            disks,
            t('volume, {n} GiB', { n: number(gib) }),
            t('volumes, {n} GiB', { n: number(gib) }),
          )}
        />
        <Tile
          to="/console/volumes?f=State+%3D+available"
          n={number(loose?.length)}
          name={of(loose, t('volume attached to nothing'), t('volumes attached to nothing'))}
        />
        <Tile
          to="/console/snapshots"
          n={number(snaps?.length)}
          name={of(snaps, t('snapshot'), t('snapshots'))}
        />
      </div>
      <div className="columns">
        <Card title={t('Latest instances')} isPlain>
          <Latest />
        </Card>
        <HostCard />
      </div>
    </div>
  )
}

/** The number stands above it. */
const of = (items: readonly unknown[] | undefined, one: string, many: string): string =>
  items?.length === 1 ? one : many

function Tile({ to, n, name }: { to: string; n: string; name: string }) {
  return (
    <Link to={to} className="card tile">
      <strong>{n}</strong>
      <span className="muted">{name}</span>
    </Link>
  )
}

const LATEST = 8

function Latest() {
  const { data = [], error } = useCollection(instances)
  const latest = data
    .toSorted((a, b) => (b.LaunchTime?.getTime() ?? 0) - (a.LaunchTime?.getTime() ?? 0))
    .slice(0, LATEST)
  if (latest.length === 0) {
    return <div className="empty">{error ? t('They cannot be seen') : t('No instances yet')}</div>
  }
  return (
    <PlainTable
      label={t('Latest instances')}
      head={[t('Name'), t('State'), t('Type'), t('Public IPv4'), t('Launched')]}
    >
      {latest.map((one) => (
        <tr key={one.InstanceId}>
          <td>
            <Link className="clipped" to={`/console/instances/${one.InstanceId}`}>
              {titleOf(one)}
            </Link>
          </td>
          <td>
            <State name={one.State?.Name} />
          </td>
          <td>{one.InstanceType}</td>
          <td>{one.PublicIpAddress ?? '–'}</td>
          <td className="nowrap">{ago(one.LaunchTime)}</td>
        </tr>
      ))}
    </PlainTable>
  )
}

/** Only who runs the host may ask it; for others the card is not there. */
function HostCard() {
  const { data } = useQuery({ queryKey: ['host'], queryFn: hostsRead, retry: false })
  if (!data) return null
  return (
    <Card
      title={
        data.hosts.length === 1 ? data.hostName : plural(data.hosts.length, '{n} host', '{n} hosts')
      }
      actions={<Link to="/console/hosts">{t('Details')}</Link>}
    >
      <HostFacts host={data} />
    </Card>
  )
}

function HostFacts({ host }: { host: HostReport }) {
  const { data: machines = [] } = useCollection(instances)
  const promised = machines.filter((one) => ['running', 'pending'].includes(stateOf(one)))
  const cpus = promised.reduce(
    (n, one) => n + (one.CpuOptions?.CoreCount ?? 1) * (one.CpuOptions?.ThreadsPerCore ?? 1),
    0,
  )
  const all = host.hosts.reduce((n, one) => n + one.cpuCount, 0)
  return (
    <div className="stack">
      <dl className="facts" style={{ gridTemplateColumns: '1fr' }}>
        <Fact name={t('Hypervisor')}>{host.words.kind}</Fact>
        <Fact name={t('vCPUs of running instances, of {n} processors', { n: all })}>
          <span className="row">
            {cpus}{' '}
            <span className="grow">
              <Bar
                fraction={cpus / Math.max(1, all)}
                {...(cpus > all ? { tone: 'warn' as const } : {})}
              />
            </span>
          </span>
        </Fact>
        <Fact name={t('Memory of the host')}>{sizeText(host.memoryMiB * 1024 ** 2)}</Fact>
        <Fact name={t('Free on its disk')}>{sizeText(host.diskFreeBytes)}</Fact>
        <Fact name={t('Daemon')}>
          {t('version {version}, up {time}', {
            version: host.daemon.version,
            time: lasting(new Date(Date.now() - host.daemon.uptimeSeconds * 1000)),
          })}
        </Fact>
      </dl>
    </div>
  )
}

/** Teaches by doing: each step is the thing itself. */
function FirstSteps() {
  const { data = [] } = useCollection(images)
  const hasImage = data.length > 0
  const steps: [boolean, string, string, string][] = [
    [
      hasImage,
      t('Choose a system'),
      hasImage
        ? plural(data.length, '{n} image is here', '{n} images are here')
        : t('Build one with one click'),
      '/console/images',
    ],
    [
      false,
      t('Launch a machine'),
      t('A name and a click are enough; everything else has a sensible default'),
      '/console/launch',
    ],
    [
      false,
      t('Type in its terminal'),
      t('In the browser, as soon as SSH answers'),
      '/console/launch',
    ],
  ]
  return (
    <Card title={t('Three steps to a machine')}>
      <ol className="steps">
        {steps.map(([isDone, title, words, to], index) => (
          <li key={title} className={isDone ? 'done' : ''}>
            <span className="dot">{isDone ? '✓' : index + 1}</span>
            <div>
              <Link to={to}>
                <strong>{title}</strong>
              </Link>
              <div className="muted">{words}</div>
            </div>
          </li>
        ))}
      </ol>
    </Card>
  )
}
