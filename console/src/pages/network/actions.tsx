/** Making networks: a VPC, a subnet in one, a way to the internet. */
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteVpcCommand,
  type Vpc,
} from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ec2 } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Modal } from '../../ui/modal.tsx'
import { InputField } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'

const named = (ResourceType: 'vpc' | 'subnet', name: string) =>
  name.trim()
    ? { TagSpecifications: [{ ResourceType, Tags: [{ Key: 'Name', Value: name.trim() }] }] }
    : {}

export function NetworkActions({ vpc }: { vpc: Vpc | undefined }) {
  const [asking, setAsking] = useState<'vpc' | 'subnet' | null>(null)
  const VpcId = vpc?.VpcId
  const none = vpc ? undefined : t('There is no network')
  const gateway = () =>
    doing(t('A gateway is attached'), async () => {
      const made = await ec2().send(new CreateInternetGatewayCommand({}))
      const InternetGatewayId = made.InternetGateway?.InternetGatewayId
      await ec2().send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }))
    })
  return (
    <>
      <Menu
        label={t('Actions')}
        items={[
          { label: t('Create VPC'), run: () => setAsking('vpc') },
          { label: t('Create subnet'), run: () => setAsking('subnet'), whyNot: none },
          { label: t('Attach an internet gateway'), run: () => void gateway(), whyNot: none },
          {
            label: t('Delete this VPC'),
            isApart: true,
            whyNot: none ?? (vpc?.IsDefault ? t('It is the default VPC') : undefined),
            run: () =>
              ask({
                title: t('Delete {id}', { id: VpcId ?? '' }),
                words: t(
                  'It goes when nothing is in it any more, with its default group and table.',
                ),
                done: t('Deleted'),
                run: () => ec2().send(new DeleteVpcCommand({ VpcId })),
              }),
          },
        ]}
      />
      {asking === 'vpc' && <MakeVpc onClose={() => setAsking(null)} />}
      {asking === 'subnet' && vpc && <MakeSubnet vpc={vpc} onClose={() => setAsking(null)} />}
    </>
  )
}

function MakeVpc({ onClose }: { onClose(): void }) {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [cidr, setCidr] = useState('10.0.0.0/16')
  return (
    <Modal
      title={t('Create VPC')}
      onClose={onClose}
      submit={{
        label: t('Create VPC'),
        run: async () => {
          const made = await ec2().send(
            new CreateVpcCommand({ CidrBlock: cidr.trim(), ...named('vpc', name) }),
          )
          onClose()
          void navigate(`/console/network/${made.Vpc?.VpcId}`)
        },
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <InputField label={t('IPv4 CIDR')} value={cidr} onChange={setCidr} />
    </Modal>
  )
}

function MakeSubnet({ vpc, onClose }: { vpc: Vpc; onClose(): void }) {
  const [name, setName] = useState('')
  const [cidr, setCidr] = useState('')
  return (
    <Modal
      title={t('Create subnet')}
      onClose={onClose}
      submit={{
        label: t('Create subnet'),
        whyNot: cidr.trim() ? undefined : t('Addresses are needed'),
        run: async () => {
          const { VpcId } = vpc
          await ec2().send(
            new CreateSubnetCommand({ VpcId, CidrBlock: cidr.trim(), ...named('subnet', name) }),
          )
          onClose()
        },
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <InputField
        label={t('IPv4 CIDR')}
        hint={t('Within {cidr}', { cidr: vpc.CidrBlock ?? '' })}
        value={cidr}
        onChange={setCidr}
      />
    </Modal>
  )
}
