/**
 * Test bench for questions of reachability: networks made through the SDK, the plans that the control plane tells its
 * host applied to the kernel, guests on them. Each question is put to the pure function and to real packets.
 */
import { expect } from 'vitest'
import type { EC2, IpPermission } from '@aws-sdk/client-ec2'
import { reachExplain } from '../../src/app/network/reach/explain.ts'
import { reachState } from '../../src/app/network/reach/state.ts'
import type { ReachEnd } from '../../src/domain/reach.ts'
import { createFabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { TINY } from '../support/app.ts'
import { startTestCloud } from '../support/cloud.ts'
import { createVpcKit, inVpc } from '../support/vpc-kit.ts'
import { askFromHost, guestStart, type Guest } from './fabric-host.ts'

export type Name = 'web' | 'peer' | 'db' | 'app' | 'remote'
export type Port = 80 | 8080 | 'ping'
/** `host`: the machine that all this runs on, which stands for the internet. */
export type Question = [from: Name | 'host', to: Name, port: Port, isReachable: boolean]
type Family = 4 | 6

interface Machine {
  instanceId: string
  interfaceId: string
  address: string
  ipv6: string
  guest: Guest
}

const HOST_ADDRESS = { 4: '100.64.0.1', 6: 'fd62:7275:6d00::1' }
export const EVERYWHERE = '0.0.0.0/0'
export const EVERYWHERE_6 = '::/0'

export type ReachBench = Awaited<ReturnType<typeof startReachBench>>

export async function startReachBench() {
  const cloud = await startTestCloud({ simulated: { cpuCount: 16, memoryMiB: 64 * 1024 } })
  const aws: EC2 = cloud.ec2
  const kit = createVpcKit(aws)
  const log = createLog({ level: 'warn' })
  const fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
  const machines = {} as Record<Name, Machine>
  const ids = {} as Record<string, string>

  async function place(name: string, block: string, subnets: string[]): Promise<void> {
    const VpcId = (await kit.vpc(`${block}.0.0/16`)).VpcId!
    ids[name] = VpcId
    ids[`${name}.main`] = (await kit.mainTable(VpcId)).RouteTableId!
    const { Ipv6CidrBlockAssociation } = await aws.associateVpcCidrBlock({
      VpcId,
      AmazonProvidedIpv6CidrBlock: true,
    })
    const ipv6 = Ipv6CidrBlockAssociation!.Ipv6CidrBlock!
    ids[`${name}.ipv6`] = ipv6
    for (const n of subnets) {
      const { SubnetId } = await kit.subnet(VpcId, `${block}.${n}.0/24`)
      ids[`${name}.${n}`] = SubnetId!
      const Ipv6CidrBlock = ipv6.replace('00::/56', `0${n}::/64`)
      await aws.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock })
    }
    const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(VpcId))
    ids[`${name}.default`] = SecurityGroups![0]!.GroupId!
  }

  async function launch(subnet: string, isPublic: boolean) {
    const VpcId = ids[subnet.slice(0, 1)]!
    const GroupName = `group-${Object.keys(ids).length}`
    const { GroupId } = await aws.createSecurityGroup({ VpcId, GroupName, Description: 'x' })
    const { Instances } = await aws.runInstances({
      ImageId: TINY,
      InstanceType: 't3.nano',
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: ids[subnet],
          Groups: [GroupId!],
          AssociatePublicIpAddress: isPublic,
          Ipv6AddressCount: 1,
        },
      ],
    })
    const [one] = Instances!
    ids[one!.InstanceId!] = GroupId!
    const [nic] = one!.NetworkInterfaces!
    return {
      instanceId: one!.InstanceId!,
      interfaceId: nic!.NetworkInterfaceId!,
      address: nic!.PrivateIpAddress!,
      ipv6: nic!.Ipv6Addresses![0]!.Ipv6Address!,
    }
  }

  async function start(name: Name, one: Omit<Machine, 'guest'>): Promise<void> {
    const plans = cloud.agent.networkPlans()
    const plan = plans.find((each) =>
      each.interfaces.some((nic) => nic.interfaceId === one.interfaceId),
    )!
    const nic = plan.interfaces.find((each) => each.interfaceId === one.interfaceId)!
    const guest = await guestStart(plan, nic)
    machines[name] = { ...one, guest }
    ids[name] = ids[one.instanceId]!
    await guest.dhcp()
    await guest.ipv6(one.ipv6)
    await guest.serve(80)
    await guest.serve(8080)
  }

  /** What the control plane has told its host, in the kernel. */
  async function apply(): Promise<void> {
    await cloud.app.networkApply()
    await fabric.apply(cloud.agent.networkPlans())
  }

  const endOf = (name: Name | 'host', family: Family): ReachEnd => {
    if (name === 'host') return { type: 'address', address: HOST_ADDRESS[family] }
    const { interfaceId, ipv6 } = machines[name]
    return { type: 'interface', interfaceId, ...(family === 6 && { address: ipv6 }) }
  }

  async function ask([from, to, port]: Question, family: Family) {
    const state = await reachState(cloud.app.store, cloud.app.settings)
    const isPing = port === 'ping'
    const answer = reachExplain(state, {
      from: endOf(from, family),
      to: endOf(to, family),
      protocol: isPing ? 'icmp' : 'tcp',
      port: isPing ? null : port,
    })
    const address = answer.destination ?? machines[to].address
    return { answer, isAnswered: await packet(from, address, port) }
  }

  async function packet(from: Name | 'host', address: string, port: Port): Promise<boolean> {
    if (from === 'host') return (await askFromHost(address, port as number)) !== null
    const { guest } = machines[from]
    if (port !== 'ping') return (await guest.ask(address, port)) !== null
    return await guest.can('busybox', 'ping', '-c', '1', '-W', '1', address)
  }

  /** Both answers to each of the questions, after what was changed is in force. */
  const both = (...questions: Question[]): Promise<void> => bothOf(4, questions)
  const both6 = (...questions: Question[]): Promise<void> => bothOf(6, questions)

  async function bothOf(family: Family, questions: Question[]): Promise<void> {
    await apply()
    const seen = await Promise.all(
      questions.map(async (question) => {
        const [from, to, port] = question
        const { answer, isAnswered } = await ask(question, family)
        const why = answer.isReachable ? '' : answer.blocks.map((block) => block.text).join(' ')
        return { from, to, port, explained: answer.isReachable, packets: isAnswered, why }
      }),
    )
    const wanted = questions.map(([from, to, port, isReachable], n) => ({
      from,
      to,
      port,
      explained: isReachable,
      packets: isReachable,
      why: isReachable ? '' : seen[n]!.why,
    }))
    expect(seen).toEqual(wanted)
    // A refusal always says why.
    for (const each of seen) if (!each.explained) expect(each.why).not.toBe('')
  }

  const permission = (port: Port, more: Partial<IpPermission>): IpPermission => {
    if (port === 'ping' && more.Ipv6Ranges) {
      return { IpProtocol: 'icmpv6', FromPort: 128, ToPort: -1, ...more }
    }
    if (port === 'ping') return { IpProtocol: 'icmp', FromPort: 8, ToPort: -1, ...more }
    return { IpProtocol: 'tcp', FromPort: port, ToPort: port, ...more }
  }
  const allow = async (to: Name, port: Port, more: Partial<IpPermission>) =>
    void (await aws.authorizeSecurityGroupIngress({
      GroupId: ids[to],
      IpPermissions: [permission(port, more)],
    }))
  const revoke = async (to: Name, port: Port, more: Partial<IpPermission>) =>
    void (await aws.revokeSecurityGroupIngress({
      GroupId: ids[to],
      IpPermissions: [permission(port, more)],
    }))
  const cidr = (CidrIp: string) => ({ IpRanges: [{ CidrIp }] })
  const cidr6 = (CidrIpv6: string) => ({ Ipv6Ranges: [{ CidrIpv6 }] })
  const group = (name: Name) => ({ UserIdGroupPairs: [{ GroupId: ids[name] }] })

  async function publicOf(name: Name): Promise<string> {
    const { NetworkInterfaces } = await aws.describeNetworkInterfaces({
      NetworkInterfaceIds: [machines[name].interfaceId],
    })
    return NetworkInterfaces![0]!.Association!.PublicIp!
  }

  async function ground(): Promise<void> {
    await place('a', '10.1', ['1', '2'])
    await place('b', '10.2', ['1'])
    await place('c', '10.3', ['1'])
    // The inner subnet of the first VPC has a table of its own, with nothing in it yet.
    ids['a.inner'] = (await kit.table(ids['a']!)).RouteTableId!
    await aws.associateRouteTable({ RouteTableId: ids['a.inner'], SubnetId: ids['a.2'] })
    for (const vpc of ['a', 'b', 'c']) {
      const GatewayId = await kit.gateway(ids[vpc]!)
      ids[`${vpc}.gateway`] = GatewayId
      const RouteTableId = ids[`${vpc}.main`]!
      await aws.createRoute({ RouteTableId, DestinationCidrBlock: EVERYWHERE, GatewayId })
      await aws.createRoute({ RouteTableId, DestinationIpv6CidrBlock: EVERYWHERE_6, GatewayId })
    }
    const launched = {
      web: await launch('a.1', true),
      peer: await launch('a.1', false),
      db: await launch('a.2', false),
      app: await launch('b.1', true),
      remote: await launch('c.1', true),
    }
    await apply()
    for (const [name, one] of Object.entries(launched)) await start(name as Name, one)
  }

  async function close(): Promise<void> {
    for (const { guest } of Object.values(machines)) await guest.stop()
    await fabric.removeAll()
    await fabric.close()
    await cloud.close()
  }

  return {
    cloud,
    aws,
    kit,
    machines,
    ids,
    ground,
    apply,
    packet,
    both,
    both6,
    permission,
    allow,
    revoke,
    cidr,
    cidr6,
    group,
    publicOf,
    close,
  }
}
