/** What a copy is told, to the byte, and that a guest which reads as our shells do understands what was said. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  launchMessage,
  launchNetworkOf,
  type LaunchFacts,
} from '../../../src/agent/launch-message.ts'
import type { MachineNic } from '../../../src/domain/machine.ts'
import type { VpcNetworkPlan } from '../../../src/domain/network-plan.ts'
import { sshString } from '../../../src/lib/ssh-public-key.ts'

const FACTS: LaunchFacts = {
  instanceId: 'i-0123456789abcdef0',
  identity: {
    hostName: 'ip-172-31-0-5.ec2.internal',
    publicKey: 'ssh-ed25519 AAAAC3Nz me@home',
    userData: null,
  },
  network: {
    mac: '02:00:00:00:00:05',
    address: '172.31.0.5',
    prefix: 20,
    mask: '255.255.240.0',
    gateway: '172.31.0.1',
    mtu: 1500,
    domain: 'ec2.internal',
    servers: ['172.31.0.2'],
  },
  hostKeys: {
    ed25519: {
      seed: Buffer.alloc(32, 1),
      point: Buffer.alloc(32, 0xff),
      pem: '-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\n-----END OPENSSH PRIVATE KEY-----\n',
    },
    ecdsaPem: '-----BEGIN EC PRIVATE KEY-----\nZGVm\n-----END EC PRIVATE KEY-----\n',
  },
  hostKeyForm: 'openssh',
  machineId: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  entropy: Buffer.from('c0ffee', 'hex'),
  now: 1_700_000_000_123,
  plugged: { cpus: [], memoryBlocks: null },
  isRootGrown: false,
}

interface Heard {
  entropy: string
  seconds: number
  nanoseconds: number
  /** In order, without the line ends. */
  lines: string[]
  userData: Buffer | null
}

/** As `hear` in images/…/frozen: a line, so many bytes split at line ends, then what is announced. */
function hear(message: Buffer): Heard {
  const lineEnd = message.indexOf(10)
  const first = message.subarray(0, lineEnd).toString('latin1').split(' ')
  const [word, entropy, seconds, nanoseconds, bytes] = first
  expect(first).toHaveLength(5)
  expect(word).toBe('awaken')
  const end = lineEnd + 1 + Number(bytes)
  const said = message.subarray(lineEnd + 1).toString()
  expect(end, 'as many bytes as were announced, and no more').toBe(message.length)
  expect(said.endsWith('\n'), 'the bytes end with a line').toBe(true)
  // A shell that splits at line ends sees no empty ones.
  const lines = said.split('\n').filter((line) => line !== '')
  const userData = lines.findLast((line) => line.startsWith('user-data '))
  return {
    entropy: entropy!,
    seconds: Number(seconds),
    nanoseconds: Number(nanoseconds),
    lines,
    userData: userData === undefined ? null : Buffer.from(userData.slice(10), 'base64'),
  }
}

const valuesOf = ({ lines }: Heard, word: string): string[] =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

/** What `printf` makes of the escapes that we use. */
const printed = (text: string): Buffer =>
  Buffer.from(
    text
      .replaceAll('\\n', '\n')
      .replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
        String.fromCodePoint(Number.parseInt(digits, 8)),
      ),
    'latin1',
  )

test('a guest with OpenSSH', () => {
  expect(launchMessage(FACTS).toString()).toMatchInlineSnapshot(`
    "awaken c0ffee 1700000000 123000000 410
    instance i-0123456789abcdef0
    hostname ip-172-31-0-5.ec2.internal
    key ssh-ed25519 AAAAC3Nz me@home
    machine-id 00112233445566778899aabbccddeeff
    hostkey ed25519 -----BEGIN OPENSSH PRIVATE KEY-----\\nYWJj\\n-----END OPENSSH PRIVATE KEY-----\\n
    hostkey ecdsa -----BEGIN EC PRIVATE KEY-----\\nZGVm\\n-----END EC PRIVATE KEY-----\\n
    nic 02:00:00:00:00:05 172.31.0.5 20 255.255.240.0 172.31.0.1 1500 ec2.internal 172.31.0.2
    "
  `)
})

test('a guest with dropbear: its own form of one key, and no machine id', () => {
  const message = launchMessage({ ...FACTS, hostKeyForm: 'dropbear' })
  expect(message.toString()).toMatchInlineSnapshot(`
    "awaken c0ffee 1700000000 123000000 676
    instance i-0123456789abcdef0
    hostname ip-172-31-0-5.ec2.internal
    key ssh-ed25519 AAAAC3Nz me@home
    hostkey \\000\\000\\000\\013\\163\\163\\150\\055\\145\\144\\062\\065\\065\\061\\071\\000\\000\\000\\100\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377
    hostkey-public ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP////////////////////////////////////////// SHA256:48D9sC7DVJMSGpOHcSS3/AKz/VOmo26MOgXADP9uFHk
    nic 02:00:00:00:00:05 172.31.0.5 20 255.255.240.0 172.31.0.1 1500 ec2.internal 172.31.0.2
    "
  `)
  const { seed, point } = FACTS.hostKeys.ed25519
  const [key] = valuesOf(hear(message), 'hostkey')
  expect(printed(key!)).toEqual(
    Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.concat([seed, point]))]),
  )
})

test('what was plugged in, a grown root, its name and user data are said only when there are any', () => {
  const userData = Buffer.from('#!/bin/sh\necho ü\n')
  const message = launchMessage({
    ...FACTS,
    identity: { ...FACTS.identity, publicKey: null, userData: userData.toString('base64') },
    network: { ...FACTS.network, domain: '', servers: [] },
    plugged: { cpus: [1, 2, 3], memoryBlocks: 8 },
    isRootGrown: true,
    rootDeviceName: '/dev/sda1',
  })
  const heard = hear(message)
  expect(heard.lines.filter((line) => !line.startsWith('hostkey '))).toMatchInlineSnapshot(`
    [
      "instance i-0123456789abcdef0",
      "hostname ip-172-31-0-5.ec2.internal",
      "machine-id 00112233445566778899aabbccddeeff",
      "nic 02:00:00:00:00:05 172.31.0.5 20 255.255.240.0 172.31.0.1 1500 -",
      "cpus 1 2 3",
      "memory-blocks 8",
      "grow",
      "root-device /dev/sda1",
      "user-data IyEvYmluL3NoCmVjaG8gw7wK",
    ]
  `)
  expect(heard.userData).toEqual(userData)
})

test('a time is whole seconds and what is left of them', () => {
  const { seconds, nanoseconds } = hear(launchMessage({ ...FACTS, now: 1_699_999_999_999 }))
  expect([seconds, nanoseconds]).toEqual([1_699_999_999, 999_000_000])
})

test('nobody can add a line by what they call a key, a host or a domain', () => {
  const evil = 'a\nuser-data 9\rgrow\u0000\u0085\n\ngrow\n'
  const heard = hear(
    launchMessage({
      ...FACTS,
      identity: { hostName: `h${evil}`, publicKey: `ssh-ed25519 AAAA ${evil}`, userData: null },
      network: { ...FACTS.network, domain: evil },
    }),
  )
  const words = heard.lines.map((line) => line.split(' ')[0])
  expect(words).toEqual([
    ...['instance', 'hostname', 'key', 'machine-id', 'hostkey', 'hostkey', 'nic'],
  ])
})

test('of several search domains the first is said, and none is taken for a server', () => {
  const network = { ...FACTS.network, domain: 'a.example b.example' }
  const [nic] = valuesOf(hear(launchMessage({ ...FACTS, network })), 'nic')
  expect(nic!.split(' ').slice(7)).toEqual(['172.31.0.2'])
})

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array))
/** Anything a user may have typed, with what would do harm more often than by chance. */
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r', '\0', 'grow', '%s')))
  .map((parts) => parts.join(''))
const word = fc.stringMatching(/^[a-z0-9.:-]{1,20}$/)
const facts: fc.Arbitrary<LaunchFacts> = fc.record({
  instanceId: fc.stringMatching(/^i-[0-9a-f]{17}$/),
  identity: fc.record({
    hostName: text,
    publicKey: fc.option(text),
    userData: fc.option(
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('base64')),
    ),
  }),
  network: fc.record({
    mac: word,
    address: word,
    prefix: fc.integer({ min: 16, max: 28 }),
    mask: word,
    gateway: word,
    mtu: fc.constant(1500),
    domain: fc.oneof(fc.constant(''), word),
    servers: fc.array(word, { maxLength: 4 }),
  }),
  hostKeys: fc.record({
    ed25519: fc.record({ seed: bytes(32), point: bytes(32), pem: fc.base64String() }),
    ecdsaPem: fc.base64String().map((body) => `-----BEGIN-----\n${body}\n-----END-----\n`),
  }),
  hostKeyForm: fc.constantFrom('openssh', 'dropbear'),
  machineId: bytes(16),
  entropy: bytes(48),
  now: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  plugged: fc.record({
    cpus: fc.array(fc.integer({ min: 1, max: 63 }), { maxLength: 5 }),
    memoryBlocks: fc.option(fc.integer({ min: 5, max: 512 })),
  }),
  isRootGrown: fc.boolean(),
})

test('whatever is said is heard', () => {
  fc.assert(
    fc.property(facts, (said) => {
      const heard = hear(launchMessage(said))
      const { identity, network, plugged } = said
      expect(heard.entropy).toBe(said.entropy.toString('hex'))
      expect(heard.seconds * 1000 + heard.nanoseconds / 1e6).toBe(said.now)
      expect(heard.nanoseconds).toBeLessThan(1e9)
      expect(valuesOf(heard, 'instance')).toEqual([said.instanceId])
      expect(heard.lines.filter((line) => line.startsWith('hostname'))).toHaveLength(1)
      const keys = heard.lines.filter((line) => line.startsWith('key'))
      expect(keys).toHaveLength(identity.publicKey === null ? 0 : 1)
      const { mac, address, prefix, mask, gateway, mtu, domain, servers } = network
      expect(valuesOf(heard, 'nic')[0]!.split(' ')).toEqual([
        ...[mac, address, String(prefix), mask, gateway, String(mtu), domain || '-'],
        ...servers,
      ])
      const ofOpenssh = said.hostKeyForm === 'openssh'
      expect(valuesOf(heard, 'machine-id')).toEqual(
        ofOpenssh ? [said.machineId.toString('hex')] : [],
      )
      const hostKeys = valuesOf(heard, 'hostkey')
      expect(hostKeys).toHaveLength(ofOpenssh ? 2 : 1)
      if (ofOpenssh) {
        expect(printed(hostKeys[1]!.slice('ecdsa '.length)).toString()).toBe(said.hostKeys.ecdsaPem)
      }
      expect(valuesOf(heard, 'cpus')).toEqual(
        plugged.cpus.length > 0 ? [plugged.cpus.join(' ')] : [],
      )
      expect(valuesOf(heard, 'memory-blocks')).toEqual(
        plugged.memoryBlocks === null ? [] : [String(plugged.memoryBlocks)],
      )
      expect(heard.lines.filter((line) => line === 'grow')).toHaveLength(said.isRootGrown ? 1 : 0)
      const { userData } = identity
      expect(heard.userData).toEqual(userData === null ? null : Buffer.from(userData, 'base64'))
      const ofUserData = heard.lines.filter((line) => line.startsWith('user-data'))
      expect(ofUserData).toHaveLength(userData === null ? 0 : 1)
    }),
  )
})

const NIC: MachineNic = {
  interfaceId: 'eni-0123456789abcdef0' as never,
  subnetId: 'subnet-0123456789abcdef0' as never,
  deviceIndex: 0,
  mac: '02:00:00:00:00:05',
  privateAddress: '172.31.16.5',
}

function planWith(dns: VpcNetworkPlan['dns']): VpcNetworkPlan {
  return {
    vpcId: 'vpc-0123456789abcdef0' as never,
    account: '111122223333' as never,
    region: 'us-east-1',
    cidrs: ['172.31.0.0/16'],
    index: 0,
    dns,
    subnets: [
      { subnetId: NIC.subnetId, cidr: '172.31.16.0/20', gateway: '172.31.16.1', routes: [] },
    ],
    interfaces: [
      {
        interfaceId: NIC.interfaceId,
        instanceId: null,
        subnetId: NIC.subnetId,
        mac: NIC.mac,
        privateAddresses: ['172.31.16.5', '172.31.16.6'],
        publicAddresses: [],
        groupIds: [],
        isSourceDestChecked: true,
        hostName: 'ip-172-31-16-5',
        metadata: { isEnabled: true, hopLimit: 1 },
        isLive: true,
      },
    ],
    groups: [],
  }
}

test('the network is what DHCP would say: primary address, mask, router, the resolver it serves', () => {
  const dns = { isServed: true, domain: 'ec2.internal', servers: null, ntpServers: null }
  const resolver = '172.31.0.2'
  expect(launchNetworkOf(planWith(dns), NIC, resolver)).toEqual({
    mac: NIC.mac,
    address: '172.31.16.5',
    prefix: 20,
    mask: '255.255.240.0',
    gateway: '172.31.16.1',
    mtu: 1500,
    domain: 'ec2.internal',
    servers: [resolver],
  })
  const own = { ...dns, servers: ['192.0.2.53'] }
  expect(launchNetworkOf(planWith(own), NIC, resolver)!.servers).toEqual(['192.0.2.53'])
  const none = { ...dns, isServed: false }
  expect(launchNetworkOf(planWith(none), NIC, resolver)!.servers).toEqual([])
})

test('an interface that the plan does not know has no network', () => {
  const dns = { isServed: true, domain: '', servers: null, ntpServers: null }
  const other = { ...NIC, interfaceId: 'eni-0fffffffffffffff0' as never }
  expect(launchNetworkOf(planWith(dns), other, '172.31.0.2')).toBeUndefined()
})
