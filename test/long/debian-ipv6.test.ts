/**
 * A stock Debian in a subnet of both families, and a `tiny` in another: what its own network daemon learns, who reaches
 * it by IPv6 and what an egress-only gateway lets pass. The internet is a namespace behind the host's default route, at
 * an address for documentation (RFC 3849).
 */
import { EC2 } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listenTcp } from '../../src/fabric/namespace-sockets.ts'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'
import { createVpcKit, inVpc } from '../support/vpc-kit.ts'

const INTERNET = '2001:db8:1::1'
const HOST_UPLINK = '2001:db8:1::2'
/** Debian in emulation, on a busy host. */
const BOOT_MS = 500_000
const TEST_MS = 900_000

let server: Awaited<ReturnType<typeof listenTcp>>

beforeAll(async () => {
  const ip = (...args: string[]) => exec('ip', args, { env: { ...PATH_ENV } })
  await ip('netns', 'add', 'internet')
  await ip('link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan1', 'netns', 'internet')
  await ip('addr', 'add', `${HOST_UPLINK}/64`, 'dev', 'wan0', 'nodad')
  await ip('link', 'set', 'wan0', 'up')
  await ip('-n', 'internet', 'addr', 'add', `${INTERNET}/64`, 'dev', 'wan1', 'nodad')
  await ip('-n', 'internet', 'link', 'set', 'wan1', 'up')
  await ip('-n', 'internet', 'link', 'set', 'lo', 'up')
  await ip('-6', 'route', 'add', 'default', 'via', INTERNET)
  server = await listenTcp('internet', { address: INTERNET, port: 80 })
  server.on('connection', (socket) => {
    socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${socket.remoteAddress}`))
    socket.on('error', () => {})
  })
})

const use = useDaemon({
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'],
  images: ['debian-12'],
})

afterAll(async () => {
  server?.close()
  await exec('ip', ['link', 'delete', 'wan0'], { env: { ...PATH_ENV } })
  await exec('ip', ['netns', 'delete', 'internet'], { env: { ...PATH_ENV } })
})

test('Debian by IPv6: its address, its way out, who reaches it', { timeout: TEST_MS }, async () => {
  const { daemon, key } = use
  const debian = (await daemon.host.images()).find(({ name }) => name === 'debian-12')?.imageId
  expect(debian, 'the image debian-12, built before').toBeDefined()
  const { url: endpoint, credentials } = daemon
  const aws = new EC2({ endpoint, region: credentials.region, credentials, maxAttempts: 1 })
  const kit = createVpcKit(aws)
  const VpcId = (await kit.vpc('10.1.0.0/16', { AmazonProvidedIpv6CidrBlock: true })).VpcId!
  const { Vpcs } = await aws.describeVpcs({ VpcIds: [VpcId] })
  const block = Vpcs![0]!.Ipv6CidrBlockAssociationSet![0]!.Ipv6CidrBlock!
  const subnet = async (n: number) =>
    (
      await kit.subnet(VpcId, `10.1.${n}.0/24`, {
        Ipv6CidrBlock: block.replace('00::/56', `0${n}::/64`),
      })
    ).SubnetId!
  const [one, other] = [await subnet(1), await subnet(2)]
  const { RouteTableId } = await kit.mainTable(VpcId)
  const GatewayId = await kit.gateway(VpcId)
  await aws.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId })
  await aws.createRoute({ RouteTableId, DestinationIpv6CidrBlock: '::/0', GatewayId })
  const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(VpcId))
  const everybody = { IpRanges: [{ CidrIp: '0.0.0.0/0' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }] }
  await aws.authorizeSecurityGroupIngress({
    GroupId: SecurityGroups![0]!.GroupId,
    IpPermissions: [
      { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...everybody },
      { IpProtocol: 'icmpv6', FromPort: -1, ToPort: -1, Ipv6Ranges: everybody.Ipv6Ranges },
    ],
  })
  const started = async (
    SubnetId: string,
    ImageId: string,
    InstanceType: 't3.small' | 't2.nano',
  ) => {
    const nic = { DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: true, Ipv6AddressCount: 1 }
    const CpuOptions = { CoreCount: 1, ThreadsPerCore: 1 }
    const input = { ImageId, InstanceType, KeyName: key.name, NetworkInterfaces: [nic] }
    const [made] = await launch(
      daemon,
      InstanceType === 't2.nano' ? input : { ...input, CpuOptions },
    )
    return made!.InstanceId!
  }
  const ids = [
    await started(one, debian!, 't3.small'),
    await started(other, daemon.imageId, 't2.nano'),
  ]
  const running = await reach(daemon, ids, 'running')
  const [big, tiny] = ids.map((id) => running.find(({ InstanceId }) => InstanceId === id)!)
  const [four, six] = [big!.PublicIpAddress!, big!.Ipv6Address!]
  const admin = { ...key, user: 'admin' }
  await sshWhenReady(key, tiny!.PublicIpAddress!)
  await sshWhenReady(admin, four, 'true', BOOT_MS)

  const own = 'ip -6 addr show scope global; ip -6 route show; cat /etc/resolv.conf'
  const learnt = await eventually(
    () => ssh(admin, four, own),
    (text) => text.includes(six),
    60_000,
  )
  expect(learnt).toContain(`${six}/128`)
  expect(learnt).toMatch(/default (proto \S+ )?via fe80::1 dev \S+|default nhid \d+ via fe80::1/)
  // From outside, by the internet gateway: nothing of IPv4 is in it.
  expect(await sshWhenReady(admin, six, 'uname -s')).toBe('Linux')
  // From another machine of another subnet, and back.
  const ping = (to: string) => `sudo ping -6 -c 2 -W 3 ${to} >/dev/null && echo answered`
  expect(await ssh(key, tiny!.PublicIpAddress!, ping(six))).toBe('answered')
  expect(await ssh(admin, four, ping(tiny!.Ipv6Address!))).toBe('answered')
  const knock = `nc -w 3 ${six} 22 </dev/null | head -c 7`
  expect(await ssh(key, tiny!.Ipv6Address!, knock)).toBe('SSH-2.0')
  // The internet sees the host, as it does by IPv4.
  const out = `curl -sg -m 5 http://[${INTERNET}]/ || python3 -c "import urllib.request as u; print(u.urlopen('http://[${INTERNET}]/', timeout=5).read().decode())"`
  expect(await ssh(admin, six, out)).toBe(HOST_UPLINK)

  const { EgressOnlyInternetGateway } = await aws.createEgressOnlyInternetGateway({ VpcId })
  await aws.replaceRoute({
    RouteTableId,
    DestinationIpv6CidrBlock: '::/0',
    EgressOnlyInternetGatewayId: EgressOnlyInternetGateway!.EgressOnlyInternetGatewayId,
  })
  expect(await ssh(admin, four, out)).toBe(HOST_UPLINK)
  await expect(ssh(admin, six, 'true')).rejects.toThrow()
  // Among the machines nothing changed.
  expect(await ssh(key, tiny!.PublicIpAddress!, knock)).toBe('SSH-2.0')

  // An address that comes while the machine runs is the guest's to set, as on EC2; a reboot keeps the first.
  await aws.rebootInstances({ InstanceIds: [ids[0]!] })
  const bootId = 'cat /proc/sys/kernel/random/boot_id'
  const before = await ssh(admin, four, bootId).catch(() => '')
  await eventually(
    () => ssh(admin, four, bootId).catch(() => before),
    (seen) => seen !== before,
    BOOT_MS,
  )
  await eventually(
    () => ssh(key, tiny!.PublicIpAddress!, ping(six)).catch(() => ''),
    (text) => text === 'answered',
    60_000,
  )
  await terminate(daemon, ids)
  aws.destroy()
})
