/**
 * Two peered VPCs with `tiny` guests, one of them without internet: what the command line explains is what happens, and
 * the cloud's own service answers inside by its AWS name.
 */
import { join } from 'node:path'
import { EC2 } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec, ExecError } from '../../src/lib/exec.ts'
import { createVpcKit, inVpc } from '../support/vpc-kit.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

/** `brume net explain`: its status and what it says. */
async function explain(from: string, to: string, port: string) {
  const { home } = use.daemon
  const args = [MAIN, 'net', 'explain', from, to, port, '--home', home]
  try {
    const { stdout } = await exec(process.execPath, args, { env: { ...PATH_ENV } })
    return { status: 0, text: stdout }
  } catch (error) {
    if (!(error instanceof ExecError) || error.stdout === '') throw error
    return { status: error.exitCode, text: error.stdout }
  }
}

test(
  'a peering and an endpoint between guests, explained and seen',
  { timeout: 300_000 },
  async () => {
    const { daemon, key } = use
    const { url: endpoint, credentials } = daemon
    const aws = new EC2({ endpoint, region: credentials.region, credentials, maxAttempts: 1 })
    const kit = createVpcKit(aws)
    const place = async (block: string) => {
      const VpcId = (await kit.vpc(`${block}.0.0/16`)).VpcId!
      const { Ipv6CidrBlockAssociation } = await aws.associateVpcCidrBlock({
        VpcId,
        AmazonProvidedIpv6CidrBlock: true,
      })
      const cidr6 = Ipv6CidrBlockAssociation!.Ipv6CidrBlock!
      const Ipv6CidrBlock = cidr6.replace('/56', '/64')
      const { SubnetId = '' } = await kit.subnet(VpcId, `${block}.1.0/24`, { Ipv6CidrBlock })
      const RouteTableId = (await kit.mainTable(VpcId)).RouteTableId!
      const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(VpcId))
      const GroupId = SecurityGroups![0]!.GroupId!
      return { VpcId, SubnetId, RouteTableId, GroupId, cidr: `${block}.0.0/16`, cidr6 }
    }
    const [open, inner] = [await place('10.1'), await place('10.2')]
    const allow = (GroupId: string, port: number, cidr: string) => {
      const range = cidr.includes(':')
        ? { Ipv6Ranges: [{ CidrIpv6: cidr }] }
        : { IpRanges: [{ CidrIp: cidr }] }
      const traffic = { IpProtocol: 'tcp', FromPort: port, ToPort: port }
      return aws.authorizeSecurityGroupIngress({
        GroupId,
        IpPermissions: [{ ...traffic, ...range }],
      })
    }
    await allow(open.GroupId, 22, '0.0.0.0/0')
    await allow(open.GroupId, 22, '::/0')
    const GatewayId = await kit.gateway(open.VpcId)
    const everywhere = { RouteTableId: open.RouteTableId, DestinationCidrBlock: '0.0.0.0/0' }
    await aws.createRoute({ ...everywhere, GatewayId })
    const { RouteTableId: table } = open
    await aws.createRoute({ RouteTableId: table, DestinationIpv6CidrBlock: '::/0', GatewayId })
    await aws.modifyVpcAttribute({ VpcId: inner.VpcId, EnableDnsHostnames: { Value: true } })
    await aws.createVpcEndpoint({
      VpcId: inner.VpcId,
      ServiceName: 'com.amazonaws.us-east-1.ec2',
      VpcEndpointType: 'Interface',
      SubnetIds: [inner.SubnetId],
    })
    const named = (Value: string) => [
      { ResourceType: 'instance' as const, Tags: [{ Key: 'Name', Value }] },
    ]
    const guest = async (name: string, { SubnetId, GroupId }: typeof open, isPublic: boolean) => {
      const NetworkInterfaces = [
        {
          DeviceIndex: 0,
          SubnetId,
          Groups: [GroupId],
          AssociatePublicIpAddress: isPublic,
          Ipv6AddressCount: 1,
        },
      ]
      const TagSpecifications = named(name)
      const [one] = await launch(daemon, {
        KeyName: key.name,
        NetworkInterfaces,
        TagSpecifications,
      })
      return one!.InstanceId!
    }
    const ids = [await guest('web', open, true), await guest('db', inner, false)]
    const running = await reach(daemon, ids, 'running')
    const [web, db] = ids.map((id) => running.find((one) => one.InstanceId === id))
    const [address, target] = [web!.PublicIpAddress!, db!.PrivateIpAddress!]
    await sshWhenReady(key, address)
    // By router advertisement and DHCPv6, as any guest; the host is its internet.
    const [web6, db6] = [web!.Ipv6Address!, db!.Ipv6Address!]
    await sshWhenReady(key, web6)
    const own = 'ip -6 addr show dev eth0 scope global; ip -6 route show default'
    expect(await ssh(key, web6, own)).toMatch(new RegExp(`${web6}/128[^]*via fe80::1 dev eth0`))
    const macs = 'http://169.254.169.254/latest/meta-data/network/interfaces/macs'
    const told = await ssh(
      key,
      address,
      `wget -q -O - ${macs}/$(cat /sys/class/net/eth0/address)/ipv6s`,
    )
    expect(told).toBe(web6)
    expect(await explain('internet', web6, '22')).toMatchObject({ status: 0 })
    expect(await explain('fd62:7275:6d00::1', web6, '22')).toMatchObject({ status: 0 })

    const before = await explain('web', 'db', '22')
    expect(before.status).toBe(1)
    expect(before.text).toContain('no public address')
    const { VpcPeeringConnection } = await aws.createVpcPeeringConnection({
      VpcId: open.VpcId,
      PeerVpcId: inner.VpcId,
    })
    const VpcPeeringConnectionId = VpcPeeringConnection!.VpcPeeringConnectionId!
    await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
    for (const [from, to] of [
      [open, inner],
      [inner, open],
    ] as const) {
      const { RouteTableId } = from
      const route = { RouteTableId, DestinationCidrBlock: to.cidr, VpcPeeringConnectionId }
      await aws.createRoute(route)
      await aws.createRoute({
        RouteTableId,
        DestinationIpv6CidrBlock: to.cidr6,
        VpcPeeringConnectionId,
      })
    }
    const closed = await explain('web', 'db', '22')
    expect(closed).toMatchObject({ status: 1, text: expect.stringContaining(inner.GroupId) })
    const knock = `nc -w 3 ${target} 22 </dev/null | head -c 7`
    expect(await ssh(key, address, knock)).toBe('')
    await allow(inner.GroupId, 22, '10.1.0.0/16')
    expect(await explain('web', 'db', '22')).toMatchObject({
      status: 0,
      text: expect.stringContaining(`yes, at ${target}`),
    })
    expect(await ssh(key, address, knock)).toBe('SSH-2.0')

    const knock6 = `nc -w 3 ${db6} 22 </dev/null | head -c 7`
    expect(await explain(web6, db6, '22')).toMatchObject({ status: 1 })
    expect(await ssh(key, address, knock6)).toBe('')
    await allow(inner.GroupId, 22, open.cidr6)
    expect(await explain(web6, db6, '22')).toMatchObject({ status: 0 })
    expect(await ssh(key, address, knock6)).toBe('SSH-2.0')

    // By way of the first guest into the second, which has no internet and reaches EC2 by its name.
    const proxy = `ssh -F none -i ${key.path} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -W %h:%p ec2-user@${address}`
    const name = 'ec2.us-east-1.amazonaws.com'
    const asked = `wget -q -O - http://${name}/health; ping -c 1 -W 2 ${address} >/dev/null && echo internet`
    const { stdout } = await exec(
      'ssh',
      [
        ...['-F', 'none', '-i', key.path, '-o', 'StrictHostKeyChecking=no'],
        ...[
          '-o',
          'UserKnownHostsFile=/dev/null',
          '-o',
          `ProxyCommand=${proxy}`,
          '-o',
          'LogLevel=ERROR',
        ],
        ...[`ec2-user@${target}`, `${asked}; true`],
      ],
      { env: { ...PATH_ENV }, timeoutMs: 60_000 },
    )
    expect(stdout).toContain('"status":"ok"')
    expect(stdout).not.toContain('internet')
    await terminate(daemon, ids)
    aws.destroy()
  },
)
