/** Secondary addresses of NAT gateways in requests. */
import type { CreateNatGatewayRequest } from '@aws-sdk/client-ec2'
import type { NatAddressesWish } from '../../app/network/nat-gateways.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'

type Input = Pick<
  CreateNatGatewayRequest,
  'SecondaryAllocationIds' | 'SecondaryPrivateIpAddresses' | 'SecondaryPrivateIpAddressCount'
>

export function natSecondaryOf(input: Readonly<Input>, isPrivate: boolean): NatAddressesWish {
  const { SecondaryAllocationIds: allocations = [], SecondaryPrivateIpAddressCount: count } = input
  if (isPrivate && allocations.length > 0) {
    throw combination('SecondaryAllocationIds', 'A private NAT gateway has no elastic addresses')
  }
  if (!isPrivate && count !== undefined) {
    throw combination('SecondaryPrivateIpAddressCount', 'A public one takes SecondaryAllocationIds')
  }
  return natWishOf({
    allocations,
    addresses: input.SecondaryPrivateIpAddresses ?? [],
    count,
    isPrivate,
  })
}

/** A private address is named for each elastic one, or for none. @throws Fault `InvalidCombination`. */
export function natWishOf({
  allocations,
  addresses,
  count,
  isPrivate,
}: {
  allocations: readonly string[]
  addresses: readonly string[]
  count: number | undefined
  isPrivate: boolean
}): NatAddressesWish {
  if (addresses.length > 0 && count !== undefined) {
    throw combination(
      'PrivateIpAddressCount',
      'Give the private addresses or their count, not both',
    )
  }
  if (!isPrivate && addresses.length > 0 && addresses.length !== allocations.length) {
    throw combination('PrivateIpAddress', 'As many private addresses as allocations, or none')
  }
  return {
    allocationIds: allocations.map((id) => parseId('elasticAddress', id)),
    privateAddresses: addresses.length > 0 ? addresses : Array<null>(count ?? 0).fill(null),
  }
}

function combination(parameter: string, reason: string): FaultError {
  return new FaultError({ type: 'InvalidCombination', parameters: [parameter], reason })
}
