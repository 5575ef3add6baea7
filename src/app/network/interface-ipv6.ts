/** IPv6 addresses of interfaces: chosen, assigned, unassigned. */
import { invalidValue } from '../../domain/faults.ts'
import type { NetworkInterfaceId } from '../../domain/ids.ts'
import type { NetworkInterface, Subnet } from '../../domain/network.ts'
import type { Ctx } from '../context.ts'
import { addressLimit, tooMany } from './address-limits.ts'
import { createAddressChooser, type AddressChooser } from './addresses.ts'
import type { Ipv6Wish } from '../instances/run-wishes.ts'
import type { Change } from './change.ts'
import { ownGet } from './scope.ts'

/** What a new interface in the subnet gets: what was asked for, or one where the subnet assigns by itself. */
export async function ipv6Choose(
  chooser: AddressChooser,
  subnet: Subnet,
  wish: Ipv6Wish | null,
): Promise<Pick<NetworkInterface, 'ipv6Addresses' | 'hasPrimaryIpv6'>> {
  const asked = wish?.addresses ?? []
  const isOwn = asked.length === 0 && (subnet.assignIpv6OnCreation || wish?.isPrimaryKept)
  const ipv6Addresses = await chooseAll(chooser, subnet, isOwn ? [null] : asked)
  if (ipv6Addresses.length === 0) return {}
  return { ipv6Addresses, ...(wish?.isPrimaryKept && { hasPrimaryIpv6: true }) }
}

/** Those that were named first, so that none of them is given away as a free one. */
async function chooseAll(
  chooser: AddressChooser,
  subnet: Subnet,
  wanted: readonly (string | null)[],
): Promise<string[]> {
  const chosen: string[] = []
  for (const isNamed of [true, false]) {
    for (const [at, one] of wanted.entries()) {
      if ((one !== null) === isNamed) chosen[at] = await chooser.ipv6Address(subnet, one)
    }
  }
  return chosen
}

export interface Ipv6AssignRequest {
  interfaceId: NetworkInterfaceId
  addresses: readonly (string | null)[]
}

/** @throws Faults `InUse`, `InvalidValue`, `LimitExceeded`. */
export function ipv6Assign(ctx: Ctx, request: Ipv6AssignRequest): Change<string[]> {
  return async (tx) => {
    const { app } = ctx
    const one = await ownGet(ctx, tx, 'networkInterface', request.interfaceId)
    const present = one.ipv6Addresses ?? []
    const limit = await addressLimit(ctx, tx, one, 'ipv6PerInterfaceMax')
    if (present.length + request.addresses.length > limit) throw tooMany('IPv6', limit)
    const subnet = await ownGet(ctx, tx, 'subnet', one.subnetId)
    const chooser = createAddressChooser(tx, app.random, app.settings.publicPool)
    const assigned = await chooseAll(chooser, subnet, request.addresses)
    const ipv6Addresses = [...present, ...assigned]
    await tx.update('networkInterface', { ...one, ipv6Addresses })
    return assigned
  }
}

/** @throws Fault `InvalidValue` for the primary address and for one that it does not have. */
export function ipv6Unassign(
  ctx: Ctx,
  id: NetworkInterfaceId,
  addresses: readonly string[],
): Change<void> {
  return async (tx) => {
    const one = await ownGet(ctx, tx, 'networkInterface', id)
    const present = one.ipv6Addresses ?? []
    for (const address of addresses) {
      if (one.hasPrimaryIpv6 && address === present[0]) {
        const reason = 'The primary IPv6 address of an interface cannot be unassigned.'
        throw invalidValue('ipv6Addresses', address, reason)
      }
      if (present.includes(address)) continue
      const reason = `Some of the specified addresses are not assigned to interface ${id}.`
      throw invalidValue('ipv6Addresses', address, reason)
    }
    const ipv6Addresses = present.filter((each) => !addresses.includes(each))
    await tx.update('networkInterface', { ...one, ipv6Addresses })
  }
}
