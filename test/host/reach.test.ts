/**
 * Who can reach whom: every question is put to the pure function that explains networks and to real packets between
 * guests on the fabric, and both must say what is expected.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { inVpc } from '../support/vpc-kit.ts'
import { describeIsolated, until } from './fabric-host.ts'
import { EVERYWHERE, EVERYWHERE_6, startReachBench, type ReachBench } from './reach-bench.ts'

describeIsolated('reachability', import.meta.url, () => {
  let bench: ReachBench
  let aws: ReachBench['aws']
  let machines: ReachBench['machines']
  let ids: ReachBench['ids']
  const both: ReachBench['both'] = (...questions) => bench.both(...questions)
  const allow: ReachBench['allow'] = (...rule) => bench.allow(...rule)
  const revoke: ReachBench['revoke'] = (...rule) => bench.revoke(...rule)
  const cidr = (CidrIp: string) => ({ IpRanges: [{ CidrIp }] })
  const group: ReachBench['group'] = (name) => bench.group(name)

  beforeAll(async () => {
    bench = await startReachBench()
    ;({ aws, machines, ids } = bench)
    await bench.ground()
  }, 120_000)

  afterAll(() => bench?.close())

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
    const toWeb = bench.permission(80, cidr('10.1.1.0/24'))
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
    await bench.apply()
    // The guest's own translation is not known to us: with its public address the packet leaves.
    expect(await bench.packet('db', await bench.publicOf('remote'), 80)).toBe(true)
    await aws.deleteRoute(route)
    await both(['db', 'remote', 80, false], ['db', 'web', 80, true])
  })

  test('IPv6: rules by block, by group, by protocol, of their own family', async () => {
    const both6: ReachBench['both6'] = (...questions) => bench.both6(...questions)
    // What was allowed so far spoke of IPv4, but for the groups.
    await both6(
      ['peer', 'web', 80, false],
      ['host', 'web', 80, false],
      ['web', 'db', 80, true],
      ['peer', 'db', 80, false],
      ['web', 'db', 'ping', false],
    )
    await allow('web', 80, bench.cidr6(EVERYWHERE_6))
    await allow('db', 'ping', bench.cidr6(ids['a.ipv6']!))
    await both6(
      ['peer', 'web', 80, true],
      ['peer', 'web', 8080, false],
      ['host', 'web', 80, true],
      ['host', 'web', 8080, false],
      ['remote', 'web', 80, true],
      ['remote', 'web', 'ping', false],
      ['peer', 'db', 'ping', true],
      ['host', 'db', 80, false],
      ['remote', 'db', 80, false],
    )
    const { PrefixList } = await aws.createManagedPrefixList({
      PrefixListName: 'six',
      AddressFamily: 'IPv6',
      MaxEntries: 2,
      Entries: [{ Cidr: `${machines.peer.ipv6}/128` }],
    })
    const list = { PrefixListIds: [{ PrefixListId: PrefixList!.PrefixListId }] }
    await allow('web', 8080, list)
    await both6(['peer', 'web', 8080, true], ['db', 'web', 8080, false])
    await revoke('web', 8080, list)
    await both6(['peer', 'web', 8080, false])
  })

  test('IPv6: an egress-only gateway lets out and nobody in', async () => {
    const both6: ReachBench['both6'] = (...questions) => bench.both6(...questions)
    await allow('remote', 80, bench.cidr6(EVERYWHERE_6))
    await allow('db', 80, bench.cidr6(EVERYWHERE_6))
    await both6(['db', 'remote', 80, false], ['remote', 'db', 80, false], ['host', 'db', 80, false])
    const { EgressOnlyInternetGateway } = await aws.createEgressOnlyInternetGateway({
      VpcId: ids['a']!,
    })
    const { EgressOnlyInternetGatewayId } = EgressOnlyInternetGateway!
    const route = { RouteTableId: ids['a.inner'], DestinationIpv6CidrBlock: EVERYWHERE_6 }
    await aws.createRoute({ ...route, EgressOnlyInternetGatewayId })
    await both6(['db', 'remote', 80, true], ['remote', 'db', 80, false], ['host', 'db', 80, false])
    await aws.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId })
    await both6(['db', 'remote', 80, false])
    await aws.replaceRoute({ ...route, GatewayId: ids['a.gateway'] })
    await both6(['db', 'remote', 80, true], ['remote', 'db', 80, true], ['host', 'db', 80, true])
    await aws.deleteRoute(route)
    await both6(['remote', 'db', 80, false], ['peer', 'db', 80, true])
  })

  test('IPv6: network ACL, peering, interface as a target', async () => {
    const both6: ReachBench['both6'] = (...questions) => bench.both6(...questions)
    const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(ids['a']!))
    const NetworkAclId = NetworkAcls!.find((acl) => acl.IsDefault)!.NetworkAclId!
    const entry = { NetworkAclId, RuleNumber: 90, Egress: false }
    const denied = {
      ...entry,
      RuleAction: 'deny' as const,
      Protocol: '6',
      PortRange: { From: 80, To: 80 },
      Ipv6CidrBlock: ids['a.ipv6'],
    }
    await aws.createNetworkAclEntry(denied)
    // Neighbours of one subnet do not meet it, nor does IPv4.
    await both6(['web', 'db', 80, false], ['peer', 'web', 80, true], ['peer', 'db', 'ping', true])
    await both(['web', 'db', 80, true])
    await aws.deleteNetworkAclEntry(entry)
    await both6(['web', 'db', 80, true])

    await allow('app', 80, bench.cidr6(ids['a.ipv6']!))
    await both6(['db', 'app', 80, false])
    const ends = { VpcId: ids['a'], PeerVpcId: ids['b'] }
    const { VpcPeeringConnection } = await aws.createVpcPeeringConnection(ends)
    const VpcPeeringConnectionId = VpcPeeringConnection!.VpcPeeringConnectionId!
    await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
    const there = { RouteTableId: ids['a.inner'], DestinationIpv6CidrBlock: ids['b.ipv6'] }
    const back = { RouteTableId: ids['b.main'], DestinationIpv6CidrBlock: ids['a.ipv6'] }
    await aws.createRoute({ ...there, VpcPeeringConnectionId })
    await aws.createRoute({ ...back, VpcPeeringConnectionId })
    await both6(['db', 'app', 80, true], ['db', 'app', 8080, false], ['app', 'db', 80, true])
    await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId })
    await both6(['db', 'app', 80, false])
    await aws.deleteRoute(there)
    await aws.deleteRoute(back)

    // By way of a guest, which forwards IPv6.
    const { guest, interfaceId: NetworkInterfaceId } = machines.web
    await guest.run('busybox', ['sysctl', '-w', 'net.ipv6.conf.all.forwarding=1'])
    await guest.run('ip', ['-6', 'route', 'replace', 'default', 'via', 'fe80::1', 'dev', 'eth0'])
    const route = { RouteTableId: ids['a.inner'], DestinationIpv6CidrBlock: ids['c.ipv6'] }
    await aws.createRoute({ ...route, NetworkInterfaceId })
    await bench.apply()
    const pass = (Value: boolean) =>
      aws.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: { Value } })
    await pass(true)
    await both6(['db', 'remote', 80, false])
    await aws.deleteRoute(route)
    await pass(false)
    await both6(['db', 'web', 80, true])
  })

  test('IPv6: addresses come and go; nobody speaks for another', async () => {
    const { web, peer } = machines
    const { AssignedIpv6Addresses } = await aws.assignIpv6Addresses({
      NetworkInterfaceId: peer.interfaceId,
      Ipv6AddressCount: 1,
    })
    const [added] = AssignedIpv6Addresses!
    await bench.apply()
    const from = (address: string) =>
      peer.guest.can('busybox', 'ping', '-6', '-c1', '-W1', '-I', address, web.ipv6)
    await allow('web', 'ping', bench.cidr6(EVERYWHERE_6))
    await bench.apply()
    await peer.guest.run('ip', ['addr', 'add', `${added}/128`, 'dev', 'eth0', 'nodad'])
    expect(await from(added!)).toBe(true)
    await aws.unassignIpv6Addresses({
      NetworkInterfaceId: peer.interfaceId,
      Ipv6Addresses: [added!],
    })
    await bench.apply()
    expect(await from(added!)).toBe(false)
    expect(await from(peer.ipv6)).toBe(true)
    // A neighbour advertisement for the other's address, a router's, and a foreign source.
    await peer.guest.run('ip', ['addr', 'add', `${machines.db.ipv6}/128`, 'dev', 'eth0', 'nodad'])
    expect(await from(machines.db.ipv6)).toBe(false)
    expect(await bench.packet('web', machines.db.ipv6, 80)).toBe(true)
    await peer.guest.run('ip', ['addr', 'del', `${machines.db.ipv6}/128`, 'dev', 'eth0'])
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
        !bench.cloud.agent
          .networkPlans()
          .some((plan) =>
            plan.interfaces.some((nic) => nic.interfaceId === machines.db.interfaceId),
          ),
    )
    await both(['web', 'db', 80, false])
  })
})
