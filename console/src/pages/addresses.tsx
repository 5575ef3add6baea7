/** Elastic IPs: allocated, given to an instance, taken back, released. */
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  DisassociateAddressCommand,
  ReleaseAddressCommand,
  type Address,
} from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { Link } from 'react-router'
import { ec2 } from '../aws/clients.ts'
import { useCollection } from '../aws/collection.ts'
import { addresses, instances } from '../aws/ec2.ts'
import { t } from '../text/t.ts'
import { ask } from '../ui/asking.tsx'
import { Menu } from '../ui/menu.tsx'
import { Modal } from '../ui/modal.tsx'
import { Button, Empty, SelectField } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import { doing } from '../ui/toasts.tsx'
import type { Property } from '../util/filter.ts'
import { stateOf, tagOf, titleOf } from '../util/instance.ts'

const COLUMNS: readonly Column<Address>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(130px, 1fr)',
    cell: (a) => tagOf(a.Tags, 'Name') || '–',
    sort: (a) => tagOf(a.Tags, 'Name'),
  },
  {
    id: 'ip',
    name: t('Allocated IPv4 address'),
    width: '205px',
    cell: (a) => a.PublicIp,
    sort: (a) => a.PublicIp ?? '',
  },
  {
    id: 'id',
    name: t('Allocation ID'),
    width: '230px',
    cell: (a) => <span className="mono">{a.AllocationId}</span>,
    sort: (a) => a.AllocationId ?? '',
  },
  {
    id: 'instance',
    name: t('Associated instance'),
    width: '220px',
    cell: (a) =>
      a.InstanceId ? (
        <Link className="mono" to={`/console/instances/${a.InstanceId}`}>
          {a.InstanceId}
        </Link>
      ) : (
        '–'
      ),
    sort: (a) => a.InstanceId ?? '',
  },
  {
    id: 'private',
    name: t('Private IP address'),
    width: '150px',
    cell: (a) => a.PrivateIpAddress ?? '–',
    sort: (a) => a.PrivateIpAddress ?? '',
  },
]

const PROPERTIES: readonly Property<Address>[] = [
  { name: 'Public IPv4 address', value: (a) => a.PublicIp ?? '' },
  { name: 'Allocation ID', value: (a) => a.AllocationId ?? '' },
  { name: 'Instance ID', value: (a) => a.InstanceId ?? '' },
]

export default function AddressesPage() {
  const [giving, setGiving] = useState<Address>()
  const allocate = () =>
    doing(t('An address is allocated'), () => ec2().send(new AllocateAddressCommand({})))
  return (
    <>
      <ResourceList
        title={t('Elastic IPs')}
        subtitle={t('Public addresses that stay yours, whatever instance they lead to')}
        collection={addresses}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(a) => a.PublicIp ?? ''}
        placeholder={t('Find addresses')}
        order={{ column: 'ip', isDown: false }}
        actions={(chosen) => (
          <>
            <AddressMenu chosen={chosen} onGive={setGiving} />
            <Button look="primary" onClick={() => void allocate()}>
              {t('Allocate address')}
            </Button>
          </>
        )}
        empty={
          <Empty title={t('No Elastic IPs yet')}>
            <p>{t('One keeps an address when its instance stops or is replaced.')}</p>
          </Empty>
        }
      />
      {giving && <Give address={giving} onClose={() => setGiving(undefined)} />}
    </>
  )
}

function AddressMenu(props: { chosen: readonly Address[]; onGive(address: Address): void }) {
  const { chosen, onGive } = props
  const [one] = chosen
  const oneOnly = chosen.length === 1 ? undefined : t('Select one address')
  const isUsed = one?.AssociationId !== undefined
  return (
    <Menu
      label={t('Actions')}
      items={[
        { label: t('Associate address'), run: () => onGive(one!), whyNot: oneOnly },
        {
          label: t('Disassociate address'),
          whyNot: oneOnly ?? (isUsed ? undefined : t('It is associated with nothing')),
          run: () =>
            ask({
              title: t('Disassociate {ip}', { ip: one?.PublicIp ?? '' }),
              words: t('What talks to its machine by this address does so no more.'),
              label: t('Disassociate'),
              done: t('Disassociated'),
              run: () =>
                ec2().send(new DisassociateAddressCommand({ AssociationId: one?.AssociationId })),
            }),
        },
        {
          label: t('Release address'),
          isApart: true,
          whyNot: oneOnly ?? (isUsed ? t('Disassociate it first') : undefined),
          run: () =>
            ask({
              title: t('Release {ip}', { ip: one?.PublicIp ?? '' }),
              words: t('It is not yours any more, and the next address may be another.'),
              label: t('Release'),
              done: t('Released'),
              run: () => ec2().send(new ReleaseAddressCommand({ AllocationId: one?.AllocationId })),
            }),
        },
      ]}
    />
  )
}

function Give({ address, onClose }: { address: Address; onClose(): void }) {
  const { data = [] } = useCollection(instances)
  const [instance, setInstance] = useState('')
  return (
    <Modal
      title={t('Associate {ip}', { ip: address.PublicIp ?? '' })}
      onClose={onClose}
      submit={{
        label: t('Associate'),
        whyNot: instance ? undefined : t('Choose an instance'),
        run: async () => {
          const { AllocationId } = address
          await ec2().send(
            new AssociateAddressCommand({
              AllocationId,
              InstanceId: instance,
              AllowReassociation: true,
            }),
          )
          onClose()
        },
      }}
    >
      <SelectField label={t('Instance')} value={instance} onChange={setInstance}>
        <option value="" />
        {data
          .filter((one) => ['running', 'stopped'].includes(stateOf(one)))
          .map((one) => (
            <option key={one.InstanceId} value={one.InstanceId}>
              {titleOf(one)} ({one.InstanceId})
            </option>
          ))}
      </SelectField>
    </Modal>
  )
}
