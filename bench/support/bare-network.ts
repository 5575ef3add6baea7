/**
 * Networks for machines without Brume, by hand as one would: a TAP each with a /30 of its own, one dnsmasq for all, and
 * the same metadata service that Brume's machines ask (its own code, with one fixed answer), so that the same image
 * boots the same way. Only within the bench's namespaces.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MetadataView } from '../../src/app/metadata.ts'
import { identityKeysGenerate } from '../../src/aws/imds/identity-keys.ts'
import { createMetadataServer } from '../../src/aws/imds/listener.ts'
import { INTERFACE_MTU } from '../../src/domain/network-plan.ts'
import { exec, spawnDetached } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { mustEnd } from './cleanup.ts'

const METADATA_ADDRESS = '169.254.169.254'

export interface BareTap {
  name: string
  mac: string
  /** Of the guest. */
  address: string
}

/** Ends with the bench. */
export async function bareNetwork(options: {
  folder: string
  count: number
  publicKey: string
}): Promise<readonly BareTap[]> {
  const taps = Array.from({ length: options.count }, (_, index) => tapOf(index))
  await ip('link', 'set', 'lo', 'up')
  await ip('address', 'add', `${METADATA_ADDRESS}/32`, 'dev', 'lo')
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1')
  for (const [index, tap] of taps.entries()) {
    await ip('tuntap', 'add', tap.name, 'mode', 'tap', 'vnet_hdr')
    await ip('address', 'add', `${gatewayOf(index)}/30`, 'dev', tap.name)
    await ip('link', 'set', tap.name, 'mtu', String(INTERFACE_MTU), 'up')
  }
  const dnsmasq = await dnsmasqStart(options.folder, taps)
  const metadata = await metadataServe(taps, options.publicKey)
  mustEnd(async () => {
    metadata.close()
    metadata.closeAllConnections()
    dnsmasq.kill('SIGTERM')
    for (const tap of taps) await ip('tuntap', 'del', tap.name, 'mode', 'tap')
    await ip('address', 'del', `${METADATA_ADDRESS}/32`, 'dev', 'lo')
  })
  return taps
}

function tapOf(index: number): BareTap {
  const hex = index.toString(16).padStart(2, '0')
  return { name: `bare${index}`, mac: `02:99:00:00:00:${hex}`, address: `10.99.${index}.2` }
}

const gatewayOf = (index: number): string => `10.99.${index}.1`

function ip(...words: string[]): Promise<unknown> {
  return exec('ip', words)
}

async function dnsmasqStart(folder: string, taps: readonly BareTap[]) {
  const config = join(folder, 'bare-dnsmasq.conf')
  const lines = [
    ...['keep-in-foreground', 'no-hosts', 'no-resolv', 'no-ping', 'port=0', 'quiet-dhcp'],
    ...['interface=bare*', 'bind-dynamic', 'dhcp-authoritative', 'user=root'],
    `dhcp-leasefile=${join(folder, 'bare-leases')}`,
    `pid-file=${join(folder, 'bare-dnsmasq.pid')}`,
    ...taps.flatMap((tap, index) => [
      `dhcp-range=set:t${index},10.99.${index}.0,static,255.255.255.252,1h`,
      `dhcp-option=tag:t${index},option:router,${gatewayOf(index)}`,
      `dhcp-option=tag:t${index},option:mtu,${INTERFACE_MTU}`,
      `dhcp-host=${tap.mac},${tap.address}`,
    ]),
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const words = [`--conf-file=${config}`]
  const { child } = await spawnDetached('dnsmasq', words, {
    logPath: join(folder, 'bare-dnsmasq.log'),
  })
  return child
}

async function metadataServe(taps: readonly BareTap[], publicKey: string) {
  const random = { bytes: (length: number) => randomBytes(length) }
  const server = createMetadataServer({
    find: async (address) => {
      const index = taps.findIndex((tap) => tap.address === address)
      return index < 0 ? undefined : viewOf(taps[index]!, index, publicKey)
    },
    clock: systemClock,
    log: silentLog,
    tokenSecret: randomBytes(32),
    identity: await identityKeysGenerate({ clock: systemClock, random }),
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(80, METADATA_ADDRESS, resolve)
  })
  return server
}

function viewOf(tap: BareTap, index: number, publicKey: string): MetadataView {
  const hex = index.toString(16).padStart(17, '0')
  const account = '000000000000'
  return {
    instanceId: `i-${hex}`,
    account,
    region: 'us-east-1',
    zone: 'us-east-1a',
    imageId: `ami-${hex}`,
    instanceType: 't2.nano',
    architecture: 'x86_64',
    reservationId: `r-${hex}`,
    launchIndex: 0,
    launchedAt: Date.now(),
    options: { isEnabled: true, areTokensRequired: false, hopLimit: 2, areTagsEnabled: false },
    rootDeviceName: '/dev/xvda',
    dataDeviceNames: [],
    interfaces: [
      {
        interfaceId: `eni-${hex}`,
        deviceIndex: 0,
        mac: tap.mac,
        account,
        privateAddresses: [tap.address],
        hostName: `bare-${index}`,
        publicAddress: null,
        publicBindings: [],
        publicHostName: null,
        groups: [],
        subnetId: `subnet-${hex}`,
        subnetCidr: `10.99.${index}.0/30`,
        vpcId: `vpc-${hex}`,
        ipv6Addresses: [],
        subnetIpv6Cidrs: [],
        vpcCidrs: ['10.99.0.0/16'],
        vpcIpv6Cidrs: [],
      },
    ],
    publicKey: { name: 'bench', line: publicKey },
    connectKeys: [],
    userData: null,
    isHibernationConfigured: false,
    placementGroup: null,
    tags: {},
    role: null,
  }
}
