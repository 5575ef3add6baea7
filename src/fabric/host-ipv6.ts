/**
 * IPv6 of the host itself, for as long as a VPC on it has some. Linux forwards IPv6 for the host as a whole or not at
 * all, and a host that forwards stops listening to router advertisements: so what it did before is written down, its
 * own links go on listening, and the rules of the host stop whatever is not ours (render/ipv6.ts).
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import { readJson, removeDurable, writeJsonDurable } from '../lib/fs-durable.ts'
import { LINK_HOST_PREFIX, linkOf } from './names.ts'
import { hasIpv6 } from './render/families.ts'
import type { HostPlan6 } from './render/ipv6.ts'

const CONF = '/proc/sys/net/ipv6/conf'
/** `accept_ra`: only while it does not forward, or in any case. */
const WHILE_HOST = '1'
const ALWAYS = '2'

interface Before {
  isForwarding: boolean
  /** Links that were told to listen also as a router's. */
  listening: readonly string[]
}

interface Options {
  folder: string
  ipv6Pool: string
  uplink: 'auto' | null
}

/** Undefined: no VPC here has IPv6, and the host is as it was. */
export async function hostIpv6Ensure(
  options: Options,
  plans: readonly VpcNetworkPlan[],
): Promise<HostPlan6 | undefined> {
  const path = join(options.folder, 'host-ipv6.json')
  const own = plans.filter(hasIpv6)
  let before = await readJson<Before>(path)
  if (own.length === 0) {
    if (before) await restore(before, path)
    return undefined
  }
  // A host may have switched IPv6 off for what links come.
  for (const plan of own) await set(linkOf(plan.index).host, 'disable_ipv6', '0')
  if (!before) {
    before = await beforeUs()
    await writeJsonDurable(path, before)
  }
  for (const link of before.listening) await set(link, 'accept_ra', ALWAYS)
  await set('all', 'forwarding', '1')
  const uplink = options.uplink === 'auto' ? await uplink6Name() : null
  return { pool: options.ipv6Pool, uplink, isForwarding: before.isForwarding }
}

async function beforeUs(): Promise<Before> {
  const isForwarding = (await get('all', 'forwarding')) === '1'
  const listening: string[] = []
  for (const link of isForwarding ? [] : await readdir(CONF)) {
    const isOurs = new RegExp(`^${LINK_HOST_PREFIX}\\d+$`).test(link)
    if (isOurs || link === 'lo' || link === 'all') continue
    if ((await get(link, 'accept_ra')) === WHILE_HOST) listening.push(link)
  }
  return { isForwarding, listening }
}

async function restore({ isForwarding, listening }: Before, path: string): Promise<void> {
  if (!isForwarding) await set('all', 'forwarding', '0')
  for (const link of listening) await set(link, 'accept_ra', WHILE_HOST)
  await removeDurable(path)
}

async function get(link: string, name: string): Promise<string | null> {
  return await readFile(join(CONF, link, name), 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
}

async function set(link: string, name: string, value: string): Promise<void> {
  const now = await get(link, name)
  if (now !== null && now !== value) await writeFile(join(CONF, link, name), value)
}

/** The interface of the default route of IPv6 with the lowest metric, or null. */
async function uplink6Name(): Promise<string | null> {
  const text = await readFile('/proc/net/ipv6_route', 'utf8').catch(() => '')
  const none = '0'.repeat(32)
  const defaults = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    // Destination, its length, source, its length, next hop, metric, references, uses, flags, interface.
    .filter((f) => f[0] === none && f[1] === '00' && f[4] !== none && f[9] !== undefined)
    .filter((f) => f[9] !== 'lo' && !new RegExp(`^${LINK_HOST_PREFIX}\\d+$`).test(f[9]!))
    .sort((a, b) => Number.parseInt(a[5]!, 16) - Number.parseInt(b[5]!, 16))
  return defaults[0]?.[9] ?? null
}
