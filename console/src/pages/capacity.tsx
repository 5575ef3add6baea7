/** What each host has promised to machines, what they have of it, and how hard it is pressed. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import type { HostAllocation } from '../../../src/domain/allocation.ts'
import { allocationRead } from '../aws/host.ts'
import { useCollection } from '../aws/collection.ts'
import { instances } from '../aws/ec2.ts'
import { t } from '../text/t.ts'
import { Bar, Card, Fact, Note } from '../ui/parts.tsx'
import { PlainTable } from '../ui/plain-table.tsx'
import { sizeText, titleOf } from '../util/instance.ts'

const POLL_MS = 10_000
const NEAR = 0.9
const SHOWN_MAX = 12
const MIB = 1024 ** 2

export function Capacity() {
  const { data = [] } = useQuery({
    queryKey: ['allocation'],
    queryFn: allocationRead,
    refetchInterval: POLL_MS,
    retry: false,
  })
  return data.map((host) => <Host key={host.hostId} host={host} />)
}

function Host({ host }: { host: HostAllocation }) {
  const { pressure } = host
  const percent = (value: number | null | undefined): string =>
    value === null || value === undefined ? t('not measured') : `${value.toFixed(1)} %`
  const times = host.vcpusPromised / host.cpus
  return (
    <Card title={t('Capacity')} actions={<span className="mono muted small">{host.hostId}</span>}>
      <div className="stack">
        {host.warnings.map((words) => (
          <Note key={words} tone="warn">
            {words}
          </Note>
        ))}
        <div className="fields">
          <Share
            name={t('vCPUs promised')}
            used={host.vcpusPromised}
            of={host.vcpusOffered}
            words={t('{used} of {of}; each of {n} processors {times} times', {
              used: host.vcpusPromised,
              of: host.vcpusOffered,
              n: host.cpus,
              times: times.toFixed(1),
            })}
          />
          <Share
            name={t('Memory promised')}
            used={host.memoryPromisedMiB}
            of={host.memoryOfferedMiB}
            words={t('{used} of {of}; the host has {all}', {
              used: sizeText(host.memoryPromisedMiB * MIB),
              of: sizeText(host.memoryOfferedMiB * MIB),
              all: sizeText(host.memoryMiB * MIB),
            })}
          />
        </div>
        <dl className="facts">
          <Fact name={t('Promised and never touched')}>
            {sizeText(host.memoryReclaimableMiB * MIB)}
          </Fact>
          <Fact name={t('Waiting for a processor')}>{percent(pressure?.cpu)}</Fact>
          <Fact name={t('Waiting for memory')}>{percent(pressure?.memory)}</Fact>
          <Fact name={t('Waiting for disks')}>{percent(pressure?.io)}</Fact>
        </dl>
        <Machines host={host} />
      </div>
    </Card>
  )
}

function Share(props: { name: string; used: number; of: number; words: string }) {
  const fraction = props.of > 0 ? props.used / props.of : 0
  return (
    <div className="stack tight">
      <strong>{props.name}</strong>
      <Bar fraction={fraction} {...(fraction > NEAR ? { tone: 'warn' as const } : {})} />
      <span className="muted small">{props.words}</span>
    </div>
  )
}

function Machines({ host }: { host: HostAllocation }) {
  const { data: all = [] } = useCollection(instances)
  const names = new Map(all.map((one) => [one.InstanceId ?? '', titleOf(one)]))
  if (host.machines.length === 0) return <p className="muted">{t('No machine runs here.')}</p>
  const largest = host.machines
    .toSorted((a, b) => (b.memoryResidentMiB ?? 0) - (a.memoryResidentMiB ?? 0))
    .slice(0, SHOWN_MAX)
  const more = host.machines.length - largest.length
  return (
    <>
      <PlainTable
        label={t('Machines')}
        head={[
          t('Machine'),
          t('Type'),
          t('vCPUs'),
          t('Memory'),
          t('Touched'),
          t('Held up by its limit'),
        ]}
      >
        {largest.map((one) => (
          <tr key={one.instanceId}>
            <td>
              <Link to={`/console/instances/${one.instanceId}/status`}>
                {names.get(one.instanceId) ?? one.instanceId}
              </Link>
            </td>
            <td>{one.instanceType}</td>
            <td>{one.vcpus}</td>
            <td className="nowrap">{sizeText(one.memoryMiB * MIB)}</td>
            <td className="nowrap">
              {one.memoryResidentMiB === null ? '–' : sizeText(one.memoryResidentMiB * MIB)}
            </td>
            <td className="nowrap">
              {one.throttledSeconds === null ? '–' : `${one.throttledSeconds.toFixed(1)} s`}
            </td>
          </tr>
        ))}
      </PlainTable>
      {more > 0 && <p className="muted">{t('and {n} more', { n: more })}</p>}
    </>
  )
}
