/** Secondary private addresses of interfaces: assigned, moved from another interface, unassigned. */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { NetworkInterfaceId } from '../../domain/ids.ts'
import type { NetworkInterface } from '../../domain/network.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { addressLimit, tooMany } from './address-limits.ts'
import { createAddressChooser, privateAddressesChoose } from './addresses.ts'
import type { Change } from './change.ts'
import { ownGet } from './scope.ts'

export interface AddressesAssignRequest {
  interfaceId: NetworkInterfaceId
  /** null: any free one. */
  addresses: readonly (string | null)[]
  /** Whether an address may be taken from another interface of the subnet. */
  mayReassign: boolean
}

/** The addresses assigned. @throws Faults `InUse`, `LimitExceeded`, `NoFreeAddress`. */
export function addressesAssign(ctx: Ctx, request: AddressesAssignRequest): Change<string[]> {
  return async (tx) => {
    const { app } = ctx
    const one = await ownGet(ctx, tx, 'networkInterface', request.interfaceId)
    const wanted = request.addresses.filter((each) => !one.privateAddresses.includes(each ?? ''))
    const limit = await addressLimit(ctx, tx, one, 'ipv4PerInterfaceMax')
    if (one.privateAddresses.length + wanted.length > limit) throw tooMany('private', limit)
    const subnet = await ownGet(ctx, tx, 'subnet', one.subnetId)
    if (request.mayReassign) {
      for (const address of wanted) if (address !== null) await take(ctx, tx, one, address)
    }
    const chooser = createAddressChooser(tx, app.random, app.settings.publicPool)
    const assigned = await privateAddressesChoose(chooser, subnet, wanted)
    const privateAddresses = [...one.privateAddresses, ...assigned]
    await tx.update('networkInterface', { ...one, privateAddresses })
    return assigned
  }
}

async function take(
  ctx: Ctx,
  tx: StoreTransaction,
  to: NetworkInterface,
  address: string,
): Promise<void> {
  const reference = { name: 'address', value: `${to.vpcId}/${address}` }
  const [from] = await tx.list('networkInterface', { reference })
  if (!from || from.subnetId !== to.subnetId || from.account !== ctx.account) return
  if (from.privateAddresses[0] === address) {
    throw new FaultError({ type: 'InUse', kind: 'networkInterface', id: address, by: from.id })
  }
  await tx.update('networkInterface', without(from, [address]))
}

/** An elastic address of a private one that goes is not associated any more. */
function without(one: NetworkInterface, addresses: readonly string[]): NetworkInterface {
  return {
    ...one,
    privateAddresses: one.privateAddresses.filter((each) => !addresses.includes(each)),
    elasticAddresses: (one.elasticAddresses ?? []).filter(
      (each) => !addresses.includes(each.privateAddress),
    ),
  }
}

/** @throws Fault `InvalidValue` for the primary address and for one that it does not have. */
export function addressesUnassign(
  ctx: Ctx,
  id: NetworkInterfaceId,
  addresses: readonly string[],
): Change<void> {
  return async (tx) => {
    const one = await ownGet(ctx, tx, 'networkInterface', id)
    const [primary, ...secondary] = one.privateAddresses
    for (const address of addresses) {
      if (secondary.includes(address)) continue
      const reason =
        address === primary
          ? 'The primary private address of an interface cannot be unassigned.'
          : `Some of the specified addresses are not assigned to interface ${id}.`
      throw invalidValue('privateIpAddresses', address, reason)
    }
    await tx.update('networkInterface', without(one, addresses))
  }
}
