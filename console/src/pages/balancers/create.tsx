/**
 * Making a load balancer that works: its name, what it listens to, who may reach it, the instances behind it. One
 * target group and one listener come with it; the rest is added later.
 */
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Instance, Subnet } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useCollection } from '../../aws/collection.ts'
import { instances, securityGroups, subnets, vpcs } from '../../aws/ec2.ts'
import { elb } from '../../aws/elb.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { InputField, Note, SelectField } from '../../ui/parts.tsx'
import { stateOf, tagOf, titleOf } from '../../util/instance.ts'

type Type = 'application' | 'network'

/** One subnet a zone, as few as it takes. */
function subnetsOf(all: readonly Subnet[], vpcId: string): string[] {
  const byZone = new Map<string, string>()
  for (const { VpcId, SubnetId = '', AvailabilityZone = '' } of all) {
    if (VpcId === vpcId && !byZone.has(AvailabilityZone)) byZone.set(AvailabilityZone, SubnetId)
  }
  return [...byZone.values()].slice(0, 3)
}

export function Create({ onClose }: { onClose(): void }) {
  const navigate = useNavigate()
  const { data: networks = [] } = useCollection(vpcs)
  const { data: allSubnets = [] } = useCollection(subnets)
  const { data: groups = [] } = useCollection(securityGroups)
  const { data: machines = [] } = useCollection(instances)
  const [name, setName] = useState('')
  const [type, setType] = useState<Type>('application')
  const [scheme, setScheme] = useState<'internet-facing' | 'internal'>('internet-facing')
  const [chosenVpc, setVpc] = useState('')
  const [group, setGroup] = useState('')
  const [port, setPort] = useState('80')
  const [targetPort, setTargetPort] = useState('80')
  const [path, setPath] = useState('/')
  const [targets, setTargets] = useState<ReadonlySet<string>>(new Set())
  const vpcId = chosenVpc || (networks.find((one) => one.IsDefault) ?? networks[0])?.VpcId || ''
  const places = subnetsOf(allSubnets, vpcId)
  const inVpc = machines.filter(
    (one) => one.VpcId === vpcId && ['running', 'pending'].includes(stateOf(one)),
  )
  const ownGroups = groups.filter((one) => one.VpcId === vpcId)
  const isWeb = type === 'application'
  const toggle = (id: string): void =>
    setTargets((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })

  const run = async (): Promise<void> => {
    const Protocol = isWeb ? ('HTTP' as const) : ('TCP' as const)
    const { TargetGroups } = await elb().send(
      new CreateTargetGroupCommand({
        ...{ Name: name, Protocol, Port: Number(targetPort), VpcId: vpcId },
        ...(isWeb && { HealthCheckPath: path }),
      }),
    )
    const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn
    const { LoadBalancers } = await elb().send(
      new CreateLoadBalancerCommand({
        ...{ Name: name, Type: type, Scheme: scheme, Subnets: places },
        ...(group && { SecurityGroups: [group] }),
      }),
    )
    const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn
    const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn }]
    await elb().send(
      new CreateListenerCommand({ LoadBalancerArn, Protocol, Port: Number(port), DefaultActions }),
    )
    const Targets = inVpc
      .filter(({ InstanceId = '' }) => targets.has(InstanceId))
      .map(({ InstanceId: Id }) => ({ Id }))
    if (Targets.length > 0)
      await elb().send(new RegisterTargetsCommand({ TargetGroupArn, Targets }))
    onClose()
    void navigate(`/console/balancers/${name}`)
  }
  return (
    <Modal
      title={t('Create load balancer')}
      isWide
      onClose={onClose}
      submit={{
        label: t('Create load balancer'),
        run,
        whyNot: whyNot(name, vpcId, isWeb && places.length < 2),
      }}
    >
      <InputField
        label={t('Name')}
        value={name}
        onChange={setName}
        maxLength={32}
        hint={t('Letters, digits and hyphens. Its target group gets the same.')}
      />
      <div className="fields">
        <SelectField label={t('Type')} value={type} onChange={(text) => setType(text as Type)}>
          <option value="application">{t('Application: HTTP, with rules')}</option>
          <option value="network">{t('Network: any TCP')}</option>
        </SelectField>
        <SelectField
          label={t('Who reaches it')}
          value={scheme}
          onChange={(text) => setScheme(text as typeof scheme)}
        >
          <option value="internet-facing">{t('Faces the internet: public addresses')}</option>
          <option value="internal">{t('Internal: machines of its network')}</option>
        </SelectField>
        <SelectField label={t('Network')} value={vpcId} onChange={setVpc}>
          {networks.map((one) => (
            <option key={one.VpcId} value={one.VpcId}>
              {tagOf(one.Tags, 'Name') || one.VpcId} ({one.CidrBlock})
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('Security group')}
          value={group}
          onChange={setGroup}
          hint={t('It must let clients in; the group of the instances must let this group in.')}
        >
          <option value="">{isWeb ? t('The network’s default group') : t('None')}</option>
          {ownGroups.map((one) => (
            <option key={one.GroupId} value={one.GroupId}>
              {one.GroupName}
            </option>
          ))}
        </SelectField>
        <InputField
          label={t('Listens on port')}
          type="number"
          value={port}
          onChange={setPort}
          min={1}
          max={65535}
        />
        <InputField
          label={t('Port of the instances')}
          type="number"
          value={targetPort}
          onChange={setTargetPort}
          min={1}
          max={65535}
        />
        {isWeb && (
          <InputField
            label={t('Path of the health check')}
            value={path}
            onChange={setPath}
            hint={t('An instance is healthy when it answers it with 200.')}
          />
        )}
      </div>
      <Targets machines={inVpc} chosen={targets} onToggle={toggle} />
      {isWeb && places.length < 2 && (
        <Note tone="warn">{t('This network has subnets in fewer than two zones.')}</Note>
      )}
    </Modal>
  )
}

function whyNot(name: string, vpcId: string, isNarrow: boolean): string | undefined {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(name)) return t('Give it a name')
  if (vpcId === '') return t('There is no network')
  return isNarrow ? t('It needs subnets in two zones') : undefined
}

function Targets(props: {
  machines: readonly Instance[]
  chosen: ReadonlySet<string>
  onToggle(id: string): void
}) {
  const { machines, chosen, onToggle } = props
  return (
    <fieldset className="plain stack tight">
      <legend>{t('Instances behind it')}</legend>
      {machines.length === 0 && <p className="muted">{t('None runs in this network.')}</p>}
      {machines.map((one) => {
        const { InstanceId = '' } = one
        return (
          <label key={InstanceId} className="row wrap">
            <input
              type="checkbox"
              checked={chosen.has(InstanceId)}
              onChange={() => onToggle(InstanceId)}
            />
            {titleOf(one)} <span className="mono muted">{InstanceId}</span>
          </label>
        )
      })}
    </fieldset>
  )
}
