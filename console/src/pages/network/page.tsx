/**
 * Networks: a VPC as a drawing (subnets, routes, gateways, machines, what a chosen machine can reach) and in tables.
 */
import { useEffect, useRef, useState, type RefObject } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import {
  instances,
  internetGateways,
  natGateways,
  routeTables,
  subnets,
  vpcs,
} from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Card, CopyId, Empty, Fact, Note, PageHead, State } from '../../ui/parts.tsx'
import { tagOf } from '../../util/instance.ts'
import { mapLayout, routeTableOf } from './layout.ts'
import { NetworkActions } from './actions.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { Map } from './map.tsx'
import { Reach } from './reach.tsx'

export default function NetworkPage() {
  const { vpc: wanted } = useParams()
  const [query, setQuery] = useSearchParams()
  const navigate = useNavigate()
  const { data: allVpcs, error } = useCollection(vpcs)
  const { data: allSubnets = [] } = useCollection(subnets)
  const { data: allInstances = [] } = useCollection(instances)
  const { data: tables = [] } = useCollection(routeTables)
  const { data: gateways = [] } = useCollection(internetGateways)
  const { data: nats = [] } = useCollection(natGateways)
  const vpc =
    allVpcs?.find((one) => one.VpcId === wanted) ??
    allVpcs?.find((one) => one.IsDefault) ??
    allVpcs?.[0]
  const place = useRef<HTMLDivElement>(null)
  const width = useWidth(place, vpc !== undefined)
  useEffect(() => {
    document.title = `${t('Networks')} · Brume`
  }, [])
  if (!vpc) {
    return (
      <div className="inner">
        <PageHead title={t('Networks')} actions={<NetworkActions vpc={undefined} />} />
        {error && <Note tone="warn">{wordsOf(error)}</Note>}
        {!allVpcs && !error && <div className="empty">{t('Loading…')}</div>}
        {allVpcs && <Empty title={t('No networks yet')} />}
      </div>
    )
  }
  const vpcId = vpc.VpcId ?? ''
  const layout = mapLayout({
    vpcId,
    width,
    subnets: allSubnets,
    instances: allInstances,
    routeTables: tables,
    internetGateways: gateways,
    natGateways: nats,
  })
  const chosen = allInstances.find((one) => one.InstanceId === query.get('machine'))
  const reached = new Set(query.get('reached')?.split(',') ?? [])
  return (
    <div className="inner">
      <PageHead
        title={t('Networks')}
        subtitle={t('Subnets, the ways out of them, and the machines in them')}
        actions={
          <>
            <select
              className="input"
              style={{ width: 'auto', maxWidth: '100%' }}
              aria-label={t('Network (VPC)')}
              value={vpcId}
              onChange={(event) => void navigate(`/console/network/${event.target.value}`)}
            >
              {allVpcs?.map((one) => (
                <option key={one.VpcId} value={one.VpcId}>
                  {tagOf(one.Tags, 'Name') || one.VpcId} {one.CidrBlock}
                  {one.IsDefault ? ` (${t('default')})` : ''}
                </option>
              ))}
            </select>
            <NetworkActions vpc={vpc} />
          </>
        }
      />
      <Card>
        <dl className="facts">
          <Fact name={t('VPC ID')}>
            <CopyId text={vpcId} />
          </Fact>
          <Fact name={t('Addresses')}>{vpc.CidrBlock}</Fact>
          <Fact name={t('State')}>
            <State name={vpc.State} />
          </Fact>
          <Fact name={t('Default VPC')}>{vpc.IsDefault ? t('yes') : t('no')}</Fact>
        </dl>
      </Card>
      <Card title={t('Map')} isPlain>
        <div
          ref={place}
          className="scroll-x"
          tabIndex={0}
          role="region"
          aria-label={t('Map of the network')}
        >
          <Map
            layout={layout}
            chosenId={chosen?.InstanceId}
            reached={reached}
            onChoose={(id) => setQuery(id ? { machine: id } : {}, { replace: true })}
          />
        </div>
      </Card>
      {chosen ? (
        <Reach
          key={chosen.InstanceId}
          instance={chosen}
          others={allInstances.filter((one) => one.VpcId === vpcId && one !== chosen)}
          onReached={(ids) =>
            setQuery(
              { machine: chosen.InstanceId ?? '', reached: ids.join(',') },
              { replace: true },
            )
          }
        />
      ) : (
        <p className="muted small">{t('Choose a machine on the map to see what it can reach.')}</p>
      )}
      <Card title={t('Subnets')} isPlain>
        <PlainTable
          label={t('Subnets')}
          head={[t('Subnet ID'), t('Addresses'), t('Zone'), t('Routes')]}
        >
          {allSubnets
            .filter((one) => one.VpcId === vpcId)
            .map((one) => (
              <tr key={one.SubnetId}>
                <td className="nowrap">
                  {tagOf(one.Tags, 'Name')} <CopyId text={one.SubnetId} />
                </td>
                <td className="nowrap">
                  {one.CidrBlock}
                  <div className="muted small">
                    {t('{n} free', { n: (one.AvailableIpAddressCount ?? 0).toLocaleString('en') })}
                  </div>
                </td>
                <td className="nowrap">
                  {one.AvailabilityZone}
                  <div className="muted small">
                    {one.MapPublicIpOnLaunch ? t('public IP on launch') : t('no public IP')}
                  </div>
                </td>
                <td>
                  {routeTableOf(one.SubnetId ?? '', vpcId, tables)?.Routes?.map((route) => (
                    <div key={`${route.DestinationCidrBlock} ${route.DestinationIpv6CidrBlock}`}>
                      {route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock} →{' '}
                      <span className="mono">
                        {route.GatewayId ??
                          route.NatGatewayId ??
                          route.VpcPeeringConnectionId ??
                          route.NetworkInterfaceId}
                      </span>
                    </div>
                  ))}
                </td>
              </tr>
            ))}
        </PlainTable>
      </Card>
    </div>
  )
}

const WIDTH_FIRST = 800

/** Of an element as it is now: the map is drawn for its place. */
function useWidth(place: RefObject<HTMLElement | null>, isThere: boolean): number {
  const [width, setWidth] = useState(WIDTH_FIRST)
  useEffect(() => {
    if (!place.current) return
    const observer = new ResizeObserver(([entry]) =>
      setWidth(entry?.contentRect.width ?? WIDTH_FIRST),
    )
    observer.observe(place.current)
    return () => observer.disconnect()
  }, [place, isThere])
  return width
}
