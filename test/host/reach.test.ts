/**
 * Who can reach whom: every question is put to the pure function that explains networks and to real packets between
 * guests on the fabric, and both must say what is expected. The networks are made through the SDK; the plans that the
 * control plane tells its host are applied to the kernel.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EC2, IpPermission } from '@aws-sdk/client-ec2'
import { reachExplain } from '../../src/app/network/reach/explain.ts'
import { reachState } from '../../src/app/network/reach/state.ts'
import type { ReachEnd } from '../../src/app/network/reach/answer.ts'
import { createFabric, type Fabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { TINY } from '../support/app.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { createVpcKit, inVpc, type VpcKit } from '../support/vpc-kit.ts'
import { askFromHost, describeIsolated, guestStart, until, type Guest } from './fabric-host.ts'

type Name = 'web' | 'peer' | 'db' | 'app' | 'remote'
type Port = 80 | 8080 | 'ping'
/** `host`: the machine that all this runs on, which stands for the internet. */
type Question = [from: Name | 'host', to: Name, port: Port, isReachable: boolean]

interface Machine {
  instanceId: string
  interfaceId: string
  address: string
  guest: Guest
}

const HOST_ADDRESS = '100.64.0.1'
const EVERYWHERE = '0.0.0.0/0'

describeIsolated('reachability', import.meta.url, () => {
  let cloud: TestCloud
  let aws: EC2
  let kit: VpcKit
  let fabric: Fabric
  const machines = {} as Record<Name, Machine>
  const ids = {} as Record<string, string>

  beforeAll(async () => {
    cloud = await startTestCloud({ simulated: { cpuCount: 16, memoryMiB: 64 * 1024 } })
    aws = cloud.ec2
    kit = createVpcKit(aws)
    const log = createLog({ level: 'warn' })
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
    await place('a', '10.1', ['1', '2'])
    await place('b', '10.2', ['1'])
    await place('c', '10.3', ['1'])
    // The inner subnet of the first VPC has a table of its own, with nothing in it yet.
    ids['a.inner'] = (await kit.table(ids['a']!)).RouteTableId!
    await aws.associateRouteTable({ RouteTableId: ids['a.inner'], SubnetId: ids['a.2'] })
    for (const vpc of ['a', 'b', 'c']) {
      const GatewayId = await kit.gateway(ids[vpc]!)
      const route = { RouteTableId: ids[`${vpc}.main`], DestinationCidrBlock: EVERYWHERE }
      await aws.createRoute({ ...route, GatewayId })
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
  }, 120_000)

  afterAll(async () => {
    for (const { guest } of Object.values(machines)) await guest.stop()
    await fabric?.removeAll()
    await fabric?.close()
    await cloud?.close()
  })

  async function place(name: string, block: string, subnets: string[]): Promise<void> {
    const VpcId = (await kit.vpc(`${block}.0.0/16`)).VpcId!
    ids[name] = VpcId
    ids[`${name}.main`] = (await kit.mainTable(VpcId)).RouteTableId!
    for (const n of subnets) {
      ids[`${name}.${n}`] = (await kit.subnet(VpcId, `${block}.${n}.0/24`)).SubnetId!
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
    await guest.serve(80)
    await guest.serve(8080)
  }

  /** What the control plane has told its host, in the kernel. */
  async function apply(): Promise<void> {
    await cloud.app.networkApply()
    await fabric.apply(cloud.agent.networkPlans())
  }

  const endOf = (name: Name | 'host'): ReachEnd =>
    name === 'host'
      ? { type: 'address', address: HOST_ADDRESS }
      : { type: 'interface', interfaceId: machines[name].interfaceId }

  async function ask([from, to, port]: Question) {
    const state = await reachState(cloud.app.store, cloud.app.settings.publicPool)
    const isPing = port === 'ping'
    const answer = reachExplain(state, {
      from: endOf(from),
      to: endOf(to),
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
  async function both(...questions: Question[]): Promise<void> {
    await apply()
    const seen = await Promise.all(
      questions.map(async (question) => {
        const [from, to, port] = question
        const { answer, isAnswered } = await ask(question)
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
  const group = (name: Name) => ({ UserIdGroupPairs: [{ GroupId: ids[name] }] })

  test('new groups let nothing in', async () => {
    await both(
      ['web', 'peer', 80, false],
      ['peer', 'web', 80, false],
      ['web', 'db', 80, false],
      ['host', 'web', 80, false],
      ['remote', 'web', 80, false],
      ['web', 'db', 'ping', false],
    )
  })

  test('rules by block, by group, by protocol', async () => {
    await allow('web', 80, cidr(EVERYWHERE))
    await allow('db', 80, group('web'))
    await allow('db', 'ping', cidr('10.1.0.0/16'))
    await both(
      ['peer', 'web', 80, true],
      ['peer', 'web', 8080, false],
      ['db', 'web', 80, true],
      ['host', 'web', 80, true],
      ['host', 'web', 8080, false],
      ['remote', 'web', 80, true],
      ['remote', 'web', 'ping', false],
      ['web', 'db', 80, true],
      ['peer', 'db', 80, false],
      ['web', 'db', 8080, false],
      ['peer', 'db', 'ping', true],
      ['web', 'db', 'ping', true],
      ['host', 'db', 80, false],
    )
  })

  test('egress rules', async () => {
    const everything = { IpProtocol: '-1', ...cidr(EVERYWHERE) }
    const GroupId = ids['peer']
    await aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: [everything] })
    await both(['peer', 'web', 80, false], ['peer', 'db', 'ping', false])
    const toWeb = permission(80, cidr('10.1.1.0/24'))
    await aws.authorizeSecurityGroupEgress({ GroupId, IpPermissions: [toWeb] })
    await both(['peer', 'web', 80, true], ['peer', 'db', 'ping', false])
    await aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: [toWeb] })
    await aws.authorizeSecurityGroupEgress({ GroupId, IpPermissions: [everything] })
    await both(['peer', 'web', 80, true], ['peer', 'db', 'ping', true])
  })

  test('a subnet without a way out, then with a NAT gateway', async () => {
    await allow('remote', 80, cidr(EVERYWHERE))
    await both(
      ['db', 'remote', 80, false],
      ['web', 'remote', 80, true],
      ['peer', 'remote', 80, false],
    )
    const { AllocationId, PublicIp } = await aws.allocateAddress({})
    const { NatGateway } = await aws.createNatGateway({ SubnetId: ids['a.1'], AllocationId })
    ids['nat'] = NatGateway!.NatGatewayId!
    const route = { RouteTableId: ids['a.inner'], DestinationCidrBlock: EVERYWHERE }
    await aws.createRoute({ ...route, NatGatewayId: ids['nat'] })
    await both(['db', 'remote', 80, true], ['remote', 'db', 80, false], ['host', 'db', 80, false])
    // The other side sees the gateway's address.
    await revoke('remote', 80, cidr(EVERYWHERE))
    await allow('remote', 80, cidr(`${PublicIp}/32`))
    await both(['db', 'remote', 80, true], ['web', 'remote', 80, false])
    await aws.deleteNatGateway({ NatGatewayId: ids['nat'] })
    await both(['db', 'remote', 80, false])
    await aws.deleteRoute(route)
    await revoke('remote', 80, cidr(`${PublicIp}/32`))
    await allow('remote', 80, cidr(EVERYWHERE))
  })

  test('an elastic address comes and goes', async () => {
    await allow('peer', 80, cidr(EVERYWHERE))
    await both(['host', 'peer', 80, false], ['remote', 'peer', 80, false])
    const { AllocationId } = await aws.allocateAddress({})
    const NetworkInterfaceId = machines.peer.interfaceId
    const { AssociationId } = await aws.associateAddress({ AllocationId, NetworkInterfaceId })
    await both(
      ['host', 'peer', 80, true],
      ['remote', 'peer', 80, true],
      ['peer', 'remote', 80, true],
    )
    await aws.disassociateAddress({ AssociationId })
    await both(['host', 'peer', 80, false], ['peer', 'remote', 80, false])
  })

  test('a network ACL against a group: stateless, ordered', async () => {
    const { NetworkAcl } = await aws.createNetworkAcl({ VpcId: ids['a'] })
    const NetworkAclId = NetworkAcl!.NetworkAclId!
    const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(ids['a']!))
    const association = NetworkAcls!
      .flatMap((acl) => acl.Associations!)
      .find((one) => one.SubnetId === ids['a.2'])!
    const entry = async (
      RuleNumber: number,
      Egress: boolean,
      RuleAction: 'allow' | 'deny',
      range: [number, number] | null,
      CidrBlock: string,
    ) =>
      void (await aws.createNetworkAclEntry({
        NetworkAclId,
        RuleNumber,
        Egress,
        RuleAction,
        CidrBlock,
        Protocol: range ? '6' : '-1',
        ...(range && { PortRange: { From: range[0], To: range[1] } }),
      }))
    const { NewAssociationId } = await aws.replaceNetworkAclAssociation({
      AssociationId: association.NetworkAclAssociationId!,
      NetworkAclId,
    })
    await both(['web', 'db', 80, false], ['db', 'web', 80, false], ['web', 'peer', 80, true])
    await entry(100, false, 'allow', [80, 80], '10.1.1.0/24')
    // In, but no answer out.
    await both(['web', 'db', 80, false])
    await entry(100, true, 'allow', [32_768, 60_999], '10.1.1.0/24')
    await both(['web', 'db', 80, true], ['db', 'web', 80, false], ['web', 'db', 'ping', false])
    await entry(90, false, 'deny', [80, 80], `${machines.web.address}/32`)
    await both(['web', 'db', 80, false])
    await aws.deleteNetworkAclEntry({ NetworkAclId, RuleNumber: 90, Egress: false })
    await entry(50, false, 'allow', null, EVERYWHERE)
    await entry(50, true, 'allow', null, EVERYWHERE)
    await both(['web', 'db', 80, true], ['db', 'web', 80, true], ['web', 'db', 'ping', true])
    await aws.replaceNetworkAclAssociation({
      AssociationId: NewAssociationId!,
      NetworkAclId: NetworkAcls!.find((acl) => acl.IsDefault)!.NetworkAclId!,
    })
  })

  test('a peering: routes on both sides, groups across', async () => {
    await allow('app', 80, cidr('10.1.0.0/16'))
    await allow('db', 80, cidr('10.2.0.0/16'))
    // Nothing of private addresses yet; db has no public one.
    await both(['app', 'db', 80, false])
    const ends = { VpcId: ids['a'], PeerVpcId: ids['b'] }
    const { VpcPeeringConnection } = await aws.createVpcPeeringConnection(ends)
    const VpcPeeringConnectionId = VpcPeeringConnection!.VpcPeeringConnectionId!
    await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
    await both(['db', 'app', 80, false], ['app', 'db', 80, false])
    const there = { RouteTableId: ids['a.inner'], DestinationCidrBlock: '10.2.0.0/16' }
    const back = { RouteTableId: ids['b.main'], DestinationCidrBlock: '10.1.0.0/16' }
    await aws.createRoute({ ...there, VpcPeeringConnectionId })
    // A way there and none back.
    await both(['db', 'app', 80, false], ['app', 'db', 80, false])
    await aws.createRoute({ ...back, VpcPeeringConnectionId })
    await both(
      ['db', 'app', 80, true],
      ['app', 'db', 80, true],
      ['db', 'app', 8080, false],
      ['db', 'app', 'ping', false],
      ['web', 'app', 80, false],
    )
    await revoke('app', 80, cidr('10.1.0.0/16'))
    await both(['db', 'app', 80, false])
    await allow('app', 80, group('db'))
    await both(['db', 'app', 80, true])
    await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId })
    await both(['app', 'db', 80, false])
    await aws.deleteRoute(there)
    await aws.deleteRoute(back)
  })

  test('through an appliance: only with its check off', async () => {
    // All of the inner subnet goes by web, which forwards and masquerades.
    const { guest, interfaceId } = machines.web
    await guest.run('busybox', ['sysctl', '-w', 'net.ipv4.ip_forward=1'])
    const rules =
      'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname eth0 ip saddr 10.1.2.0/24 masquerade'
    await guest.run('nft', [rules])
    const route = { RouteTableId: ids['a.inner'], DestinationCidrBlock: EVERYWHERE }
    await aws.createRoute({ ...route, NetworkInterfaceId: interfaceId })
    await both(['db', 'remote', 80, false])
    await aws.modifyNetworkInterfaceAttribute({
      NetworkInterfaceId: interfaceId,
      SourceDestCheck: { Value: false },
    })
    await apply()
    // The guest's own translation is not known to us: with its public address the packet leaves.
    expect(await packet('db', await publicOf('remote'), 80)).toBe(true)
    await aws.deleteRoute(route)
    await both(['db', 'remote', 80, false], ['db', 'web', 80, true])
  })

  test('a gateway that is taken away, an instance that is stopped', async () => {
    const RouteTableId = ids['c.main']
    await both(['web', 'remote', 80, true])
    await aws.deleteRoute({ RouteTableId, DestinationCidrBlock: EVERYWHERE })
    await both(['web', 'remote', 80, false], ['host', 'remote', 80, false])
    const { InternetGateways } = await aws.describeInternetGateways({
      Filters: [{ Name: 'attachment.vpc-id', Values: [ids['c']!] }],
    })
    const GatewayId = InternetGateways![0]!.InternetGatewayId
    await aws.createRoute({ RouteTableId, DestinationCidrBlock: EVERYWHERE, GatewayId })
    await both(['web', 'remote', 80, true])
    const InstanceIds = [machines.db.instanceId]
    await aws.stopInstances({ InstanceIds, Force: true })
    const stopped = async () => {
      const { Reservations } = await aws.describeInstances({ InstanceIds })
      return Reservations![0]!.Instances![0]!.State!.Name
    }
    await eventually(stopped, (name) => name === 'stopped')
    await until(
      () =>
        !cloud.agent
          .networkPlans()
          .some((plan) =>
            plan.interfaces.some((nic) => nic.interfaceId === machines.db.interfaceId),
          ),
    )
    await both(['web', 'db', 80, false])
  })

  async function publicOf(name: Name): Promise<string> {
    const { NetworkInterfaces } = await aws.describeNetworkInterfaces({
      NetworkInterfaceIds: [machines[name].interfaceId],
    })
    return NetworkInterfaces![0]!.Association!.PublicIp!
  }
})
