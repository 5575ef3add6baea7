/** Load balancers: the list, made and deleted. */
import {
  DeleteLoadBalancerCommand,
  type LoadBalancer,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { elb, loadBalancers } from '../../aws/elb.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Empty, State } from '../../ui/parts.tsx'
import { ResourceList } from '../../ui/resource-list.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Property } from '../../util/filter.ts'
import { ago } from '../../util/instance.ts'
import { Create } from './create.tsx'

const typeWords = ({ Type }: LoadBalancer): string =>
  Type === 'network' ? t('Network') : t('Application')
const schemeWords = ({ Scheme }: LoadBalancer): string =>
  Scheme === 'internal' ? t('Internal') : t('Faces the internet')

const COLUMNS: readonly Column<LoadBalancer>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(140px, 1fr)',
    cell: (b) => b.LoadBalancerName,
    sort: (b) => b.LoadBalancerName ?? '',
  },
  {
    id: 'state',
    name: t('State'),
    width: '130px',
    cell: (b) => (
      <State name={b.State?.Code} {...(b.State?.Code !== 'active' && { tone: 'busy' })} />
    ),
    sort: (b) => b.State?.Code ?? '',
  },
  { id: 'type', name: t('Type'), width: '120px', cell: typeWords, sort: typeWords },
  { id: 'scheme', name: t('Scheme'), width: '160px', cell: schemeWords, sort: schemeWords },
  {
    id: 'dns',
    name: t('DNS name'),
    width: 'minmax(220px, 2fr)',
    cell: (b) => <span className="mono">{b.DNSName}</span>,
    sort: (b) => b.DNSName ?? '',
  },
  {
    id: 'vpc',
    name: t('VPC ID'),
    width: '220px',
    cell: (b) => <span className="mono">{b.VpcId}</span>,
    sort: (b) => b.VpcId ?? '',
  },
  {
    id: 'created',
    name: t('Created'),
    width: '120px',
    cell: (b) => ago(b.CreatedTime),
    sort: (b) => -(b.CreatedTime?.getTime() ?? 0),
  },
]

const PROPERTIES: readonly Property<LoadBalancer>[] = [
  { name: 'Name', value: (b) => b.LoadBalancerName ?? '' },
  { name: 'DNS name', value: (b) => b.DNSName ?? '' },
  { name: 'VPC ID', value: (b) => b.VpcId ?? '' },
  { name: 'Type', value: (b) => b.Type ?? '' },
]

export default function BalancersPage() {
  const navigate = useNavigate()
  const [isMaking, setMaking] = useState(false)
  const [doomed, setDoomed] = useState<LoadBalancer>()
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      {t('Create load balancer')}
    </Button>
  )
  return (
    <>
      <ResourceList
        title={t('Load balancers')}
        subtitle={t('One address before many machines')}
        collection={loadBalancers}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(b) => b.LoadBalancerName ?? ''}
        placeholder={t('Find load balancers')}
        order={{ column: 'name', isDown: false }}
        onOpen={(b) => void navigate(`/console/balancers/${b.LoadBalancerName}`)}
        actions={(chosen) => (
          <>
            <Button
              look="danger"
              whyNot={chosen.length === 1 ? undefined : t('Select one load balancer')}
              onClick={() => setDoomed(chosen[0])}
            >
              {t('Delete')}
            </Button>
            {make}
          </>
        )}
        empty={
          <Empty title={t('No load balancers yet')}>
            <p>
              {t('One shares requests among instances, and leaves out those that do not answer.')}
            </p>
            {make}
          </Empty>
        }
      />
      {isMaking && <Create onClose={() => setMaking(false)} />}
      {doomed && (
        <Modal
          title={t('Delete {name}?', { name: doomed.LoadBalancerName ?? '' })}
          onClose={() => setDoomed(undefined)}
          submit={{
            label: t('Delete'),
            isDanger: true,
            run: async () => {
              const { LoadBalancerArn } = doomed
              await elb().send(new DeleteLoadBalancerCommand({ LoadBalancerArn }))
              setDoomed(undefined)
            },
          }}
        >
          <p>{t('With its listeners and rules. Its target groups and their instances stay.')}</p>
        </Modal>
      )}
    </>
  )
}
