/** The private addresses of an interface in requests: a primary one, and others by name or by count. */
import type { InstanceIpv6Address, PrivateIpAddressSpecification } from '@aws-sdk/client-ec2'
import type { Ipv6Wish } from '../../app/instances/run-wishes.ts'
import { FaultError } from '../../domain/faults.ts'

export interface AddressesInput {
  PrivateIpAddress?: string | undefined
  PrivateIpAddresses?: readonly PrivateIpAddressSpecification[] | undefined
  SecondaryPrivateIpAddressCount?: number | undefined
}

/** Primary first, whichever of the parameters names it. */
export function privateAddressesOf(input: AddressesInput): (string | null)[] {
  const listed = input.PrivateIpAddresses ?? []
  const count = input.SecondaryPrivateIpAddressCount
  const primaries = listed.filter((each) => each.Primary)
  const isTwice = input.PrivateIpAddress !== undefined && primaries.length > 0
  if (primaries.length > 1 || isTwice) {
    throw combination(['PrivateIpAddress', 'PrivateIpAddresses'], 'Only one address is the primary')
  }
  if (count !== undefined && listed.some((each) => !each.Primary)) {
    const reason = 'Give the secondary addresses or their count, not both'
    throw combination(['PrivateIpAddresses', 'SecondaryPrivateIpAddressCount'], reason)
  }
  const primary = input.PrivateIpAddress ?? primaries[0]?.PrivateIpAddress ?? null
  const secondary = listed
    .filter((each) => !each.Primary)
    .map((each) => each.PrivateIpAddress ?? null)
  return [primary, ...secondary, ...Array<null>(count ?? 0).fill(null)]
}

/** null: nothing is said of IPv6. */
export function ipv6AddressesOf(input: {
  Ipv6Addresses?: readonly InstanceIpv6Address[] | undefined
  Ipv6AddressCount?: number | undefined
  EnablePrimaryIpv6?: boolean | undefined
}): Ipv6Wish | null {
  const { Ipv6Addresses: listed = [], Ipv6AddressCount: count, EnablePrimaryIpv6 } = input
  if (listed.length > 0 && count !== undefined && count > 0) {
    const reason = 'Give the IPv6 addresses or their count, not both'
    throw combination(['Ipv6Addresses', 'Ipv6AddressCount'], reason)
  }
  if (listed.length === 0 && !count && !EnablePrimaryIpv6) return null
  const named = listed.map((each) => each.Ipv6Address ?? null)
  return {
    addresses: named.length > 0 ? named : Array<null>(count ?? 0).fill(null),
    isPrimaryKept: EnablePrimaryIpv6 ?? false,
  }
}

function combination(parameters: string[], reason: string): FaultError {
  return new FaultError({ type: 'InvalidCombination', parameters, reason })
}
