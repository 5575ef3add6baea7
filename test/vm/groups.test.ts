/**
 * Security groups between real guests: what the rules allow gets through and nothing else, changes are in force when
 * the API answers, and no guest can pretend to be another or reach what belongs to the host.
 */
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeVpcsCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type IpPermission,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { hostAddressOf, linkOf } from '../../src/fabric/names.ts'
import { SETTINGS_DEFAULT } from '../../src/app/settings.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon({
  setUp: async () => {
    const guests = ['web', 'app', 'other'].map(guest)
    ;[web, app, other] = (await Promise.all(guests)) as [Guest, Guest, Guest]
  },
})
const PORT = 8080
/** A guest on a busy host may take its time to answer what the rules let through. */
const ANSWER_TIMEOUT_MS = 20_000
/** What the rules drop is not answered at all; a reply would be quick. */
const SILENCE_MS = 1_500

interface Guest {
  id: string
  group: string
  privateAddress: string
  publicAddress: string
}

let web: Guest
let app: Guest
let other: Guest

const anywhere = (from: number, to = from): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: from,
  ToPort: to,
  IpRanges: [{ CidrIp: '0.0.0.0/0' }],
})
const fromGroup = (group: string, port: number): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  UserIdGroupPairs: [{ GroupId: group }],
})
const ping = (cidr: string): IpPermission => ({
  IpProtocol: 'icmp',
  FromPort: 8,
  ToPort: -1,
  IpRanges: [{ CidrIp: cidr }],
})

const allow = (group: string, rule: IpPermission) =>
  use.daemon.ec2.send(
    new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [rule] }),
  )
const forbid = (group: string, rule: IpPermission) =>
  use.daemon.ec2.send(
    new RevokeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [rule] }),
  )

async function groupCreate(name: string): Promise<string> {
  const { ec2 } = use.daemon
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({}))
  const made = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: name, Description: name, VpcId: Vpcs![0]!.VpcId }),
  )
  await allow(made.GroupId!, anywhere(22))
  return made.GroupId!
}

/** A guest that serves its name over HTTP. */
async function guest(name: string): Promise<Guest> {
  const { daemon, key } = use
  const group = await groupCreate(name)
  const script = `#!/bin/sh\nmkdir -p /srv && echo ${name} >/srv/name && httpd -p ${PORT} -h /srv\n`
  const [made] = await launch(daemon, {
    KeyName: key.name,
    SecurityGroupIds: [group],
    UserData: Buffer.from(script).toString('base64'),
  })
  const [seen] = await reach(daemon, [made!.InstanceId!], 'running')
  const result = {
    id: made!.InstanceId!,
    group,
    privateAddress: seen!.PrivateIpAddress!,
    publicAddress: seen!.PublicIpAddress!,
  }
  await sshWhenReady(
    key,
    result.publicAddress,
    `for i in $(seq 100); do [ "$(wget -q -O - http://127.0.0.1:${PORT}/name)" = ${name} ] && exit; usleep 100000; done; exit 1`,
  )
  return result
}

/** What `from` gets of the address's server: its name, or `no`. */
const asks = (from: Guest, address: string, port = PORT): Promise<string> =>
  ssh(
    use.key,
    from.publicAddress,
    `timeout 2 wget -q -O - http://${address}:${port}/name || echo no`,
  )
const pings = (from: Guest, address: string): Promise<string> =>
  ssh(
    use.key,
    from.publicAddress,
    `sudo ping -c 1 -W 1 ${address} >/dev/null 2>&1 && echo yes || echo no`,
  )

/** Whether a TCP connection begun now from the host gets an answer before the first retransmission. */
function connects(address: string, port: number, timeoutMs = SILENCE_MS): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const done = (isOpen: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(isOpen)
    }
    const timer = setTimeout(() => done(false), timeoutMs)
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

test('nothing but what a rule allows: by group, by address, by protocol', async () => {
  expect(await asks(app, web.privateAddress), 'no rule').toBe('no')
  await allow(web.group, fromGroup(app.group, PORT))
  expect(await asks(app, web.privateAddress), 'a member of the named group').toBe('web')
  expect(await asks(other, web.privateAddress), 'a member of no named group').toBe('no')
  expect(await asks(web, app.privateAddress), 'replies pass, new connections back do not').toBe(
    'no',
  )
  await forbid(web.group, fromGroup(app.group, PORT))
  expect(await asks(app, web.privateAddress), 'the rule is gone').toBe('no')

  const byAddress = { ...anywhere(PORT), IpRanges: [{ CidrIp: `${other.privateAddress}/32` }] }
  await allow(web.group, byAddress)
  expect(await asks(other, web.privateAddress)).toBe('web')
  expect(await asks(app, web.privateAddress)).toBe('no')
  await forbid(web.group, byAddress)

  expect(await pings(app, web.privateAddress)).toBe('no')
  await allow(web.group, ping(`${app.privateAddress}/32`))
  expect(await pings(app, web.privateAddress)).toBe('yes')
  expect(await pings(other, web.privateAddress)).toBe('no')
})

test('members of one group do not reach each other unless the group says so; the default group does', async () => {
  const { daemon, key } = use
  const [inDefault, twin] = await Promise.all(
    [0, 1].map(async () => {
      const [made] = await launch(daemon, { KeyName: key.name })
      const [seen] = await reach(daemon, [made!.InstanceId!], 'running')
      await sshWhenReady(key, seen!.PublicIpAddress!)
      return {
        id: made!.InstanceId!,
        group: '',
        privateAddress: seen!.PrivateIpAddress!,
        publicAddress: seen!.PublicIpAddress!,
      }
    }),
  )
  expect(await pings(inDefault!, twin!.privateAddress)).toBe('yes')
  expect(await pings(other, twin!.privateAddress)).toBe('no')
  await terminate(daemon, [inDefault!.id, twin!.id])
})

test('a rule is in force when the API answers, both ways; what is open stays open', async () => {
  expect(await connects(web.publicAddress, PORT)).toBe(false)
  await allow(web.group, anywhere(PORT))
  expect(await connects(web.publicAddress, PORT, ANSWER_TIMEOUT_MS)).toBe(true)
  await forbid(web.group, anywhere(PORT))
  expect(await connects(web.publicAddress, PORT)).toBe(false)

  // SSH's own rule goes while a session is open: the session goes on, a new one is refused.
  const session = ssh(use.key, web.publicAddress, 'echo in; sleep 4; echo still here')
  await wait(2_500)
  await forbid(web.group, anywhere(22))
  expect(await connects(web.publicAddress, 22)).toBe(false)
  expect(await session).toBe('in\nstill here')
  await allow(web.group, anywhere(22))
  expect(await connects(web.publicAddress, 22, ANSWER_TIMEOUT_MS)).toBe(true)
})

test('what may leave is the egress rules’ to say', async () => {
  const { ec2 } = use.daemon
  const all = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  await allow(web.group, anywhere(PORT))
  expect(await asks(app, web.privateAddress)).toBe('web')
  await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: app.group, IpPermissions: [all] }))
  expect(await asks(app, web.privateAddress)).toBe('no')
  const only = { ...anywhere(PORT), IpRanges: [{ CidrIp: `${web.privateAddress}/32` }] }
  await ec2.send(
    new AuthorizeSecurityGroupEgressCommand({ GroupId: app.group, IpPermissions: [only] }),
  )
  expect(await asks(app, web.privateAddress)).toBe('web')
  expect(await pings(app, web.privateAddress)).toBe('no')
  await ec2.send(
    new AuthorizeSecurityGroupEgressCommand({ GroupId: app.group, IpPermissions: [all] }),
  )
  await forbid(web.group, anywhere(PORT))
})

test('a guest that takes another address is not heard', async () => {
  await allow(web.group, ping('0.0.0.0/0'))
  expect(await pings(other, web.privateAddress)).toBe('yes')
  // The address of `app`, next to its own, as the source of what it sends.
  const spoof = [
    `sudo ip addr add ${app.privateAddress}/32 dev eth0`,
    `sudo ping -c 2 -W 1 -I ${app.privateAddress} ${web.privateAddress} >/dev/null 2>&1 && echo yes || echo no`,
    `sudo ip addr del ${app.privateAddress}/32 dev eth0`,
  ].join('; ')
  expect(await ssh(use.key, other.publicAddress, spoof)).toBe('no')
  expect(await pings(app, web.privateAddress), 'its owner still has it').toBe('yes')
})

test('guests do not reach the host: neither its API nor anything else of it', async () => {
  const { port } = use.daemon
  const addresses = [hostAddressOf(SETTINGS_DEFAULT.publicPool), linkOf(0).hostAddress]
  for (const address of addresses) {
    expect(await asks(app, address, port), address).toBe('no')
    expect(await pings(app, address), address).toBe('no')
  }
})
