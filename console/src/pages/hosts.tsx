/** Hosts: what runs the machines, what it can and cannot do, and the frozen machines that new ones are copies of. */
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Link } from 'react-router'
import { wordsOf } from '../aws/clients.ts'
import { hostsRead, templatesRead, type HostReport } from '../aws/host.ts'
import { t } from '../text/t.ts'
import { Card, Fact, Note, PageHead, State } from '../ui/parts.tsx'
import { lasting, sizeText } from '../util/instance.ts'
import { Capacity } from './capacity.tsx'

const POLL_MS = 10_000

export default function HostsPage() {
  const { data, error } = useQuery({
    queryKey: ['host'],
    queryFn: hostsRead,
    refetchInterval: POLL_MS,
    retry: false,
  })
  useEffect(() => {
    document.title = `${t('Hosts')} · Brume`
  }, [])
  return (
    <div className="inner">
      <PageHead title={t('Hosts')} subtitle={t('The machines that run your machines')} />
      {error && (
        <Note tone="warn">
          {wordsOf(error)} {t('Only who runs the host may look here.')}
        </Note>
      )}
      {data && (
        <Card title={t('The daemon')}>
          <dl className="facts">
            <Fact name={t('Version')}>{data.daemon.version}</Fact>
            <Fact name={t('Up for')}>
              {lasting(new Date(Date.now() - data.daemon.uptimeSeconds * 1000))}
            </Fact>
            <Fact name={t('Its memory')}>{sizeText(data.daemon.rssBytes)}</Fact>
          </dl>
        </Card>
      )}
      {data?.hosts.map((host) => (
        <Host key={host.hostId} host={host} />
      ))}
      {data && <Capacity />}
      {data && <Templates />}
    </div>
  )
}

function Host({ host }: { host: HostReport['hosts'][number] }) {
  const { hypervisor } = host
  return (
    <Card title={host.hostName} actions={<span className="mono muted small">{host.hostId}</span>}>
      <div className="stack">
        <dl className="facts">
          <Fact name={t('Hypervisor')}>{host.words.kind}</Fact>
          {!host.isSimulated && <Fact name="QEMU">{hypervisor.qemuVersion}</Fact>}
          <Fact name={t('Processors')}>{host.cpuCount}</Fact>
          <Fact name={t('Memory')}>{sizeText(host.memoryMiB * 1024 ** 2)}</Fact>
          <Fact name={t('Free on its disk')}>{sizeText(host.diskFreeBytes)}</Fact>
          <Fact name={t('Zone')}>{host.zone}</Fact>
          <Fact name={t('CPU model of guests')}>{hypervisor.cpuModel}</Fact>
          <Fact name={t('UEFI')}>{hypervisor.hasUefi ? t('yes') : t('no')}</Fact>
        </dl>
        <p>
          {host.words.meaning} {host.words.nested}
        </p>
        <p className="muted">{hypervisor.explanation}</p>
        {host.limitations.length > 0 && (
          <Note tone="warn">
            <strong>{t('What it cannot do')}</strong>
            <ul style={{ paddingLeft: 18 }}>
              {host.limitations.map((words) => (
                <li key={words}>{words}</li>
              ))}
            </ul>
            <Link to="/console/settings#doctor">{t('How to mend it')}</Link>
          </Note>
        )}
      </div>
    </Card>
  )
}

function Templates() {
  const { data = [] } = useQuery({
    queryKey: ['templates'],
    queryFn: templatesRead,
    refetchInterval: POLL_MS,
    retry: false,
  })
  return (
    <Card title={t('Templates: frozen machines that new ones start as copies of')} isPlain>
      {data.length === 0 && (
        <div className="empty">{t('None yet; the first launch of an image makes one.')}</div>
      )}
      <table className="plain-table">
        <tbody>
          {data.map((one) => (
            <tr key={one.key}>
              <td>{one.imageName}</td>
              <td>
                <State name={one.state} />
              </td>
              <td>{sizeText(one.sizeBytes)}</td>
              <td className="muted">{one.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  )
}
