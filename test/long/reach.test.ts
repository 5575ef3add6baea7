/**
 * Who can reach whom, asked of five `tiny` guests in three VPCs: every question is put to `net explain` and to real
 * packets from guest to guest, and both must say what is expected. test/host/reach.test.ts asks more of them of guests
 * that are namespaces. Commands come to a guest from its gateway, which no rule of its groups judges.
 */
import { EC2 } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { namespaceOf } from '../../src/domain/network-plan.ts'
import type { VpcId } from '../../src/domain/ids.ts'
import { exec } from '../../src/lib/exec.ts'
import { launch, reach, sshArgs, terminate } from '../support/vm/guest.ts'
import { PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'
import { createVpcKit, inVpc } from '../support/vpc-kit.ts'

const BOOT_MS = 300_000
const HOST = { 4: '100.64.0.1', 6: 'fd62:7275:6d00::1' }
const [ALL, ALL6] = ['0.0.0.0/0', '::/0']

type Name = 'web' | 'peer' | 'db' | 'app' | 'remote'
type Question = [from: Name | 'host', to: Name, port: 22 | 'ping', isReachable: boolean]

interface Machine {
  id: string
  vpc: string
  nic: string
  group: string
  four: string
  six: string
}

const use = useDaemon({ flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'] })

test('sixty questions of both families', { timeout: 1_500_000 }, async () => {
  const { daemon, key } = use
  const { url: endpoint, credentials } = daemon
  const aws = new EC2({ endpoint, region: credentials.region, credentials, maxAttempts: 1 })
  const kit = createVpcKit(aws)
  const machines = {} as Record<Name, Machine>
  let asked = 0

  async function place(block: string, zones: number) {
    const VpcId = (await kit.vpc(`${block}.0.0/16`, { AmazonProvidedIpv6CidrBlock: true })).VpcId!
    const { Vpcs } = await aws.describeVpcs({ VpcIds: [VpcId] })
    const six = Vpcs![0]!.Ipv6CidrBlockAssociationSet![0]!.Ipv6CidrBlock!
    const subnets: string[] = []
    for (let n = 1; n <= zones; n++) {
      const Ipv6CidrBlock = six.replace('00::/56', `0${n}::/64`)
      subnets.push((await kit.subnet(VpcId, `${block}.${n}.0/24`, { Ipv6CidrBlock })).SubnetId!)
    }
    const { RouteTableId } = await kit.mainTable(VpcId)
    const GatewayId = await kit.gateway(VpcId)
    await aws.createRoute({ RouteTableId, DestinationCidrBlock: ALL, GatewayId })
    await aws.createRoute({ RouteTableId, DestinationIpv6CidrBlock: ALL6, GatewayId })
    return { VpcId, six, subnets, RouteTableId: RouteTableId!, GatewayId }
  }
  const [a, b, c] = [await place('10.1', 2), await place('10.2', 1), await place('10.3', 1)]
  const inner = (await kit.table(a.VpcId)).RouteTableId!
  await aws.associateRouteTable({ RouteTableId: inner, SubnetId: a.subnets[1] })

  async function start(name: Name, vpc: typeof a, SubnetId: string, isPublic: boolean) {
    const named = { VpcId: vpc.VpcId, GroupName: `group-${name}`, Description: 'x' }
    const group = (await aws.createSecurityGroup(named)).GroupId!
    const NetworkInterfaces = [
      {
        DeviceIndex: 0,
        SubnetId,
        Groups: [group],
        AssociatePublicIpAddress: isPublic,
        Ipv6AddressCount: 1,
      },
    ]
    const [one] = await launch(daemon, { KeyName: key.name, NetworkInterfaces })
    const [nic] = one!.NetworkInterfaces!
    machines[name] = {
      id: one!.InstanceId!,
      vpc: vpc.VpcId,
      nic: nic!.NetworkInterfaceId!,
      group,
      four: one!.PrivateIpAddress!,
      six: one!.Ipv6Address!,
    }
  }
  await start('web', a, a.subnets[0]!, true)
  await start('peer', a, a.subnets[0]!, false)
  await start('db', a, a.subnets[1]!, false)
  await start('app', b, b.subnets[0]!, true)
  await start('remote', c, c.subnets[0]!, true)
  const ids = Object.values(machines).map(({ id }) => id)
  await reach(daemon, ids, 'running', BOOT_MS)

  /** A command in a guest, by way of its VPC's namespace. */
  async function inside(name: Name, command: string): Promise<string> {
    const { vpc, four } = machines[name]
    const args = ['netns', 'exec', namespaceOf(vpc as VpcId), 'ssh', ...sshArgs(key, four), command]
    return (await exec('ip', args, { env: { ...PATH_ENV }, timeoutMs: 60_000 })).stdout.trim()
  }
  const until = Date.now() + BOOT_MS
  for (const name of Object.keys(machines) as Name[]) {
    const isUp = `ip -6 addr show dev eth0 scope global | grep -q ${machines[name].six}`
    for (;;) {
      const why = await inside(name, isUp).then(() => null, String)
      if (why === null) break
      if (Date.now() > until) throw new Error(`${name} is not up: ${why}`)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }

  async function packet(from: Name | 'host', address: string, port: 22 | 'ping') {
    const seconds = 4
    const knock = `nc -w ${seconds} ${address} 22 </dev/null 2>/dev/null | head -c 4`
    if (from === 'host') {
      const options = { env: { ...PATH_ENV }, timeoutMs: 30_000 }
      return (await exec('sh', ['-c', `busybox ${knock}`], options)).stdout === 'SSH-'
    }
    if (port === 22) return (await inside(from, `${knock}; true`)) === 'SSH-'
    const ping = `sudo ping -c 2 -W ${seconds} ${address} >/dev/null && echo yes; true`
    return (await inside(from, ping)) === 'yes'
  }

  async function answers(family: 4 | 6, [from, to, port]: Question) {
    const end = (name: Name) => (family === 6 ? machines[name].six : machines[name].id)
    const answer = await daemon.host.explain({
      from: from === 'host' ? HOST[family] : end(from),
      to: end(to),
      port: port === 'ping' ? 'icmp' : '22',
    })
    const address = answer.destination ?? machines[to][family === 4 ? 'four' : 'six']
    return [from, to, port, answer.isReachable, await packet(from, address, port)]
  }

  async function both(family: 4 | 6, ...questions: Question[]): Promise<void> {
    const wanted = questions.map(([from, to, port, is]) => [from, to, port, is, is])
    const seen = await Promise.all(questions.map((question) => answers(family, question)))
    expect(seen).toEqual(wanted)
    asked += questions.length
  }
  const four = (...questions: Question[]) => both(4, ...questions)
  const six = (...questions: Question[]) => both(6, ...questions)

  const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
  const ping = { IpProtocol: 'icmp', FromPort: 8, ToPort: -1 }
  const ping6 = { IpProtocol: 'icmpv6', FromPort: 128, ToPort: -1 }
  const range = (CidrIp: string) => ({ IpRanges: [{ CidrIp }] })
  const range6 = (CidrIpv6: string) => ({ Ipv6Ranges: [{ CidrIpv6 }] })
  const group = (name: Name) => ({ UserIdGroupPairs: [{ GroupId: machines[name].group }] })
  const allow = (to: Name, ...IpPermissions: object[]) =>
    aws.authorizeSecurityGroupIngress({ GroupId: machines[to].group, IpPermissions })
  const revoke = (to: Name, ...IpPermissions: object[]) =>
    aws.revokeSecurityGroupIngress({ GroupId: machines[to].group, IpPermissions })

  // New groups let nothing in.
  await four(
    ['web', 'peer', 22, false],
    ['web', 'db', 22, false],
    ['host', 'web', 22, false],
    ['remote', 'web', 22, false],
    ['web', 'db', 'ping', false],
  )
  await six(['web', 'peer', 22, false], ['host', 'web', 22, false], ['db', 'web', 'ping', false])

  // Rules by block, by group, by protocol, each of its own family.
  await allow('web', { ...ssh, ...range(ALL) })
  await allow('db', { ...ssh, ...group('web') }, { ...ping, ...range('10.1.0.0/16') })
  await four(
    ['peer', 'web', 22, true],
    ['host', 'web', 22, true],
    ['remote', 'web', 22, true],
    ['remote', 'web', 'ping', false],
    ['web', 'db', 22, true],
    ['peer', 'db', 22, false],
    ['peer', 'db', 'ping', true],
    ['host', 'db', 22, false],
  )
  await six(
    ['peer', 'web', 22, false],
    ['host', 'web', 22, false],
    ['web', 'db', 22, true],
    ['peer', 'db', 'ping', false],
  )
  await allow('web', { ...ssh, ...range6(ALL6) })
  await allow('db', { ...ping6, ...range6(a.six) })
  await six(
    ['peer', 'web', 22, true],
    ['host', 'web', 22, true],
    ['remote', 'web', 22, true],
    ['peer', 'db', 'ping', true],
    ['remote', 'web', 'ping', false],
  )

  // Egress.
  const GroupId = machines.peer.group
  const everything = [{ IpProtocol: '-1', ...range(ALL) }]
  await aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: everything })
  await four(['peer', 'web', 22, false], ['peer', 'db', 'ping', false])
  await aws.authorizeSecurityGroupEgress({ GroupId, IpPermissions: everything })
  await four(['peer', 'web', 22, true], ['peer', 'db', 'ping', true])

  // No way out, a NAT gateway, and none again.
  await allow('remote', { ...ssh, ...range(ALL) })
  await four(
    ['db', 'remote', 22, false],
    ['web', 'remote', 22, true],
    ['peer', 'remote', 22, false],
  )
  const { AllocationId, PublicIp } = await aws.allocateAddress({})
  const { NatGateway } = await aws.createNatGateway({ SubnetId: a.subnets[0], AllocationId })
  const { NatGatewayId } = NatGateway!
  const out = { RouteTableId: inner, DestinationCidrBlock: ALL }
  await aws.createRoute({ ...out, NatGatewayId })
  await four(['db', 'remote', 22, true], ['remote', 'db', 22, false])
  await revoke('remote', { ...ssh, ...range(ALL) })
  await allow('remote', { ...ssh, ...range(`${PublicIp}/32`) })
  await four(['db', 'remote', 22, true], ['web', 'remote', 22, false])
  await aws.deleteNatGateway({ NatGatewayId })
  await four(['db', 'remote', 22, false])
  await aws.deleteRoute(out)
  await allow('remote', { ...ssh, ...range(ALL), ...range6(ALL6) })

  // An elastic address comes and goes.
  await allow('peer', { ...ssh, ...range(ALL) })
  await four(['host', 'peer', 22, false], ['peer', 'remote', 22, false])
  const address = await aws.allocateAddress({})
  const { AssociationId } = await aws.associateAddress({
    AllocationId: address.AllocationId,
    NetworkInterfaceId: machines.peer.nic,
  })
  await four(['host', 'peer', 22, true], ['remote', 'peer', 22, true], ['peer', 'remote', 22, true])
  await aws.disassociateAddress({ AssociationId })
  await four(['host', 'peer', 22, false], ['peer', 'remote', 22, false])

  // An ACL against groups: stateless, ordered.
  const NetworkAclId = (await aws.createNetworkAcl({ VpcId: a.VpcId })).NetworkAcl!.NetworkAclId!
  const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(a.VpcId))
  const before = NetworkAcls!.find(({ IsDefault }) => IsDefault)!
  const association = before.Associations!.find((each) => each.SubnetId === a.subnets[1])!
  const entry = (RuleNumber: number, Egress: boolean, more: object) =>
    aws.createNetworkAclEntry({
      NetworkAclId,
      RuleNumber,
      Egress,
      RuleAction: 'allow',
      CidrBlock: '10.1.1.0/24',
      Protocol: '6',
      ...more,
    })
  const { NewAssociationId } = await aws.replaceNetworkAclAssociation({
    AssociationId: association.NetworkAclAssociationId,
    NetworkAclId,
  })
  await four(['web', 'db', 22, false], ['db', 'web', 22, false], ['web', 'peer', 22, true])
  await six(['web', 'db', 22, false])
  await entry(100, false, { PortRange: { From: 22, To: 22 } })
  await four(['web', 'db', 22, false])
  await entry(100, true, { PortRange: { From: 32_768, To: 60_999 } })
  await four(['web', 'db', 22, true], ['db', 'web', 22, false], ['peer', 'db', 'ping', false])
  const deny = { RuleAction: 'deny', CidrBlock: `${machines.web.four}/32` }
  await entry(90, false, { ...deny, PortRange: { From: 22, To: 22 } })
  await four(['web', 'db', 22, false])
  await aws.replaceNetworkAclAssociation({
    AssociationId: NewAssociationId,
    NetworkAclId: before.NetworkAclId,
  })
  await four(['web', 'db', 22, true], ['db', 'web', 22, true], ['peer', 'db', 'ping', true])

  // A peering: routes on both sides, of both families, and a group across.
  await allow('app', { ...ssh, ...range('10.1.0.0/16'), ...range6(a.six) })
  await four(['db', 'app', 22, false])
  await six(['db', 'app', 22, false])
  const ends = { VpcId: a.VpcId, PeerVpcId: b.VpcId }
  const { VpcPeeringConnection } = await aws.createVpcPeeringConnection(ends)
  const { VpcPeeringConnectionId } = VpcPeeringConnection!
  await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
  const route = (RouteTableId: string, to: object) =>
    aws.createRoute({ RouteTableId, VpcPeeringConnectionId, ...to })
  await route(inner, { DestinationCidrBlock: '10.2.0.0/16' })
  await four(['db', 'app', 22, false])
  await route(b.RouteTableId, { DestinationCidrBlock: '10.1.0.0/16' })
  await route(inner, { DestinationIpv6CidrBlock: b.six })
  await route(b.RouteTableId, { DestinationIpv6CidrBlock: a.six })
  await four(['db', 'app', 22, true], ['db', 'app', 'ping', false], ['web', 'app', 'ping', false])
  await six(['db', 'app', 22, true], ['db', 'app', 'ping', false])
  await revoke('app', { ...ssh, ...range('10.1.0.0/16') })
  await four(['db', 'app', 22, false])
  await allow('app', { ...ssh, ...group('db') })
  await four(['db', 'app', 22, true])
  await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId })
  await four(['db', 'app', 22, false])
  await six(['db', 'app', 22, false])

  // An egress-only gateway lets out and nobody in; an internet gateway both.
  await allow('db', { ...ssh, ...range6(ALL6) })
  await six(['db', 'remote', 22, false], ['remote', 'db', 22, false])
  const { EgressOnlyInternetGateway } = await aws.createEgressOnlyInternetGateway({
    VpcId: a.VpcId,
  })
  const { EgressOnlyInternetGatewayId } = EgressOnlyInternetGateway!
  const out6 = { RouteTableId: inner, DestinationIpv6CidrBlock: ALL6 }
  await aws.createRoute({ ...out6, EgressOnlyInternetGatewayId })
  await six(['db', 'remote', 22, true], ['remote', 'db', 22, false], ['host', 'db', 22, false])
  await aws.replaceRoute({ ...out6, GatewayId: a.GatewayId })
  await six(['db', 'remote', 22, true], ['remote', 'db', 22, true], ['host', 'db', 22, true])

  expect(asked).toBeGreaterThanOrEqual(60)
  console.log(`${asked} questions answered twice`)
  await terminate(daemon, ids)
  aws.destroy()
})
