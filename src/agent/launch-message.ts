/**
 * What a copy of a frozen machine is told before it may be reached, for the guest's shell to read
 * (images/tiny/rootfs/usr/libexec/brume/frozen, images/debian/…). The first line is
 * `awaken ENTROPY SECONDS NANOSECONDS BYTES`; so many bytes of lines follow and nothing else, because a guest's `head`
 * may read on. Guests pass over lines they do not know. Pure: entropy, keys and time are handed in. Its version
 * is in domain/image-manifest.ts.
 */
import { createHash } from 'node:crypto'
import type { HostKeyForm } from '../domain/image-manifest.ts'
import type { LaunchIdentity, MachineNic } from '../domain/machine.ts'
import { cidrParse, addressFormat, maskOf } from '../domain/net/cidr.ts'
import { INTERFACE_MTU, type VpcNetworkPlan } from '../domain/network-plan.ts'
import { present } from '../lib/assert.ts'
import { sshString } from '../lib/ssh-public-key.ts'

/** The primary interface as DHCP would describe it. */
export interface LaunchNetwork {
  mac: string
  address: string
  prefix: number
  mask: string
  gateway: string
  mtu: number
  domain: string
  servers: readonly string[]
  /** They are the user's, not the VPC's own resolver, which guests know by its link-local address already. */
  areServersCustom?: boolean
}

/** Made by the host, because an emulated guest takes a hundred times as long. */
export interface LaunchHostKeys {
  ed25519: { seed: Buffer; point: Buffer; pem: string }
  ecdsaPem: string
}

export interface LaunchFacts {
  instanceId: string
  identity: LaunchIdentity
  network: LaunchNetwork
  hostKeys: LaunchHostKeys
  hostKeyForm: HostKeyForm
  /** The machine's own, 16 bytes each. */
  machineId: Buffer
  /** For the kernel's random generator. */
  entropy: Buffer
  /** Milliseconds since the epoch. */
  now: number
  /** What was plugged in beyond what the frozen machine had. */
  plugged: { cpus: readonly number[]; memoryBlocks: number | null }
  isRootGrown: boolean
  /** Absent: nobody knows; its guest asks the firmware, which costs a second of emulation's translating. */
  rootDeviceName?: string
}

export function launchMessage(facts: LaunchFacts, word: 'awaken' | 'rehearse' = 'awaken'): Buffer {
  const { identity, network, plugged, now } = facts
  const seconds = Math.floor(now / 1000)
  const lines = [
    `instance ${facts.instanceId}`,
    `hostname ${plain(identity.hostName)}`,
    ...(identity.publicKey === null ? [] : [`key ${plain(identity.publicKey)}`]),
    ...hostKeyLines(facts),
    `nic ${[
      network.mac,
      network.address,
      network.prefix,
      network.mask,
      network.gateway,
      network.mtu,
      // Of several, the first: DHCP will tell the others.
      plain(network.domain).split(' ')[0] || '-',
      ...network.servers,
    ].join(' ')}`,
    ...(plugged.cpus.length > 0 ? [`cpus ${plugged.cpus.join(' ')}`] : []),
    ...(plugged.memoryBlocks === null ? [] : [`memory-blocks ${plugged.memoryBlocks}`]),
    ...(facts.isRootGrown ? ['grow'] : []),
    ...(facts.rootDeviceName === undefined ? [] : [`root-device ${plain(facts.rootDeviceName)}`]),
    ...(network.areServersCustom ? ['dns-custom'] : []),
    ...(identity.userData === null ? [] : [`user-data ${identity.userData}`]),
  ]
  const said = Buffer.from(`${lines.join('\n')}\n`)
  const nanoseconds = Math.round((now - seconds * 1000) * 1e6)
  const awaken = [word, facts.entropy.toString('hex'), seconds, nanoseconds, said.length]
  return Buffer.concat([Buffer.from(`${awaken.join(' ')}\n`), said])
}

/** For the guest's `printf`, which every shell has built in. */
function hostKeyLines({ hostKeyForm, hostKeys, machineId }: LaunchFacts): string[] {
  const { ed25519, ecdsaPem } = hostKeys
  if (hostKeyForm === 'dropbear') {
    return [`hostkey ${octal(dropbearKey(ed25519))}`, `hostkey-public ${publicWords(ed25519)}`]
  }
  return [
    `machine-id ${machineId.toString('hex')}`,
    `hostkey ed25519 ${ed25519.pem.replaceAll('\n', '\\n')}`,
    `hostkey ecdsa ${ecdsaPem.replaceAll('\n', '\\n')}`,
  ]
}

/** From the plan of the VPC, which DHCP is configured by too; undefined when it is not in it. */
export function launchNetworkOf(
  plan: VpcNetworkPlan,
  nic: MachineNic,
  resolver: string,
): LaunchNetwork | undefined {
  const planned = plan.interfaces.find((one) => one.interfaceId === nic.interfaceId)
  const subnet = plan.subnets.find((one) => one.subnetId === nic.subnetId)
  if (!planned || !subnet) return undefined
  const { prefix } = cidrParse(subnet.cidr)
  return {
    mac: nic.mac,
    address: present(planned.privateAddresses[0], 'an address of the interface'),
    prefix,
    mask: addressFormat(maskOf(prefix)),
    gateway: subnet.gateway,
    mtu: INTERFACE_MTU,
    domain: plan.dns.domain,
    ...(plan.dns.servers === null ? {} : { areServersCustom: true }),
    servers: plan.dns.servers ?? (plan.dns.isServed ? [resolver] : []),
  }
}

/** dropbear's own form of a private key: its type, then seed and point as one string. */
function dropbearKey({ seed, point }: LaunchHostKeys['ed25519']): Buffer {
  return Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.concat([seed, point]))])
}

/** For the console, which shows them to whoever wants to know whom they are talking to. */
function publicWords({ point }: LaunchHostKeys['ed25519']): string {
  const blob = Buffer.concat([sshString('ssh-ed25519'), sshString(point)])
  const print = createHash('sha256').update(blob).digest('base64').replaceAll('=', '')
  return `ssh-ed25519 ${blob.toString('base64')} SHA256:${print}`
}

function octal(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

/** One line, whatever a user called their key. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').trim()
}
