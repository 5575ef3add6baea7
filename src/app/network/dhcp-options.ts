/**
 * DHCP option sets: what guests are told with their address. Source: VPC user guide, "DHCP option sets".
 */
import { address6Canonical, isIpv6 } from '../../domain/net/blocks.ts'
import { addressParse } from '../../domain/net/cidr.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type IdOf, type VpcId } from '../../domain/ids.ts'
import type { DhcpOptions } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, ownGet, scopeOf } from './scope.ts'

/** By name, how many values it has at most. */
const OPTIONS: Readonly<Record<string, number>> = {
  'domain-name': 1,
  'domain-name-servers': 4,
  'ntp-servers': 4,
  'netbios-name-servers': 4,
  'netbios-node-type': 1,
  'ipv6-address-preferred-lease-time': 1,
}
/** P-node, the one that works where nobody hears a broadcast; AWS recommends it and takes the others too. */
const NODE_TYPES = ['1', '2', '4', '8']
const SETS_MAX = 200
/** Seconds of an IPv6 lease. */
const LEASE_MIN = 140
const LEASE_MAX = 2_147_483_647
const AMAZON = 'AmazonProvidedDNS'

export interface DhcpOptionsRequest {
  options: readonly { key: string; values: readonly string[] }[]
  tags: Tags
}

export function dhcpOptionsCreate(ctx: Ctx, request: DhcpOptionsRequest): Change<DhcpOptions> {
  return async (tx) => {
    const options: Record<string, readonly string[]> = {}
    for (const { key, values } of request.options) {
      if (Object.hasOwn(options, key)) throw invalidValue('DhcpConfiguration', key, 'named twice')
      options[key] = valuesChecked(key, values)
    }
    if ((await tx.count('dhcpOptions', scopeOf(ctx))) >= SETS_MAX) {
      const reason = 'The maximum number of DHCP options sets has been reached.'
      throw new FaultError({ type: 'LimitExceeded', kind: 'dhcpOptions', limit: SETS_MAX, reason })
    }
    const id = newId('dhcpOptions', ctx.app.random)
    return await tx.insert('dhcpOptions', { ...baseOf(ctx, request.tags), id, options })
  }
}

/** Some clients send one value with commas. */
function valuesChecked(key: string, given: readonly string[]): string[] {
  if (!Object.hasOwn(OPTIONS, key)) {
    throw invalidValue('DhcpConfiguration', key, 'Unknown DHCP option')
  }
  const values = given.flatMap((value) => value.split(',')).map((value) => value.trim())
  if (values.length === 0 || values.length > OPTIONS[key]!) {
    throw invalidValue(key, values.join(','), `takes 1 to ${OPTIONS[key]} values`)
  }
  for (const value of values) mustFit(key, value, values)
  return values
}

function mustFit(key: string, value: string, values: readonly string[]): void {
  if (key === 'domain-name') {
    // AWS takes several names in one value; some operating systems search them all.
    if (/^[\w.-]{1,253}(?: [\w.-]{1,253})*$/.test(value) && value.length <= 255) return
    throw invalidValue(key, value, 'not a domain name')
  }
  if (key === 'netbios-node-type') {
    if (NODE_TYPES.includes(value)) return
    throw invalidValue(key, value, `one of ${NODE_TYPES.join(', ')}`)
  }
  if (key === 'ipv6-address-preferred-lease-time') {
    const seconds = /^\d{1,10}$/.test(value) ? Number(value) : 0
    if (seconds >= LEASE_MIN && seconds <= LEASE_MAX) return
    throw invalidValue(key, value, `between ${LEASE_MIN} and ${LEASE_MAX} seconds`)
  }
  if (key === 'domain-name-servers' && value === AMAZON) {
    if (values.length === 1) return
    throw invalidValue(key, values.join(','), `${AMAZON} cannot be given with other servers`)
  }
  // NetBIOS is older than IPv6.
  if (isIpv6(value) && key !== 'netbios-name-servers') return void address6Canonical(value, key)
  addressParse(value, key)
}

/** @throws Fault `DependencyViolation` while a VPC has it. */
export function dhcpOptionsDelete(ctx: Ctx, id: IdOf<'dhcpOptions'>): Change<void> {
  return async (tx) => {
    const options = await ownGet(ctx, tx, 'dhcpOptions', id)
    const vpcs = await tx.list('vpc', scopeOf(ctx))
    const dependents = vpcs.filter((vpc) => vpc.dhcpOptionsId === id).map((vpc) => vpc.id)
    if (dependents.length > 0) {
      throw new FaultError({ type: 'DependencyViolation', kind: 'dhcpOptions', id, dependents })
    }
    await tx.remove('dhcpOptions', options)
  }
}

/** `default`: none at all. Guests learn of it when they renew their lease. */
export function dhcpOptionsAssociate(
  ctx: Ctx,
  vpcId: VpcId,
  id: IdOf<'dhcpOptions'> | 'default',
): Change<void> {
  return async (tx) => {
    const vpc = await ownGet(ctx, tx, 'vpc', vpcId)
    if (id !== 'default') await ownGet(ctx, tx, 'dhcpOptions', id)
    await tx.update('vpc', { ...vpc, dhcpOptionsId: id })
  }
}
