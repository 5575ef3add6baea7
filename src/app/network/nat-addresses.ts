/**
 * Secondary addresses of NAT gateways, added and taken away while it works. Source: VPC user guide, "Edit secondary IP
 * address associations". AWS lets connections of an address that goes drain for a while; here it goes at once.
 */
import { invalidValue, notFound } from '../../domain/faults.ts'
import type { IdOf } from '../../domain/ids.ts'
import type { NatAddress, NatGateway } from '../../domain/network.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { natAddressesAdd, natAddressesSet, type NatAddressesWish } from './nat-gateways.ts'
import { ownGet } from './scope.ts'

type GatewayId = IdOf<'natGateway'>
type Connectivity = 'public' | 'private'

/** @throws Faults `NotFound`, `InvalidValue` for a gateway of the other kind. */
async function gatewayOf(ctx: Ctx, reader: StoreReader, id: GatewayId, kind: Connectivity) {
  const gateway = await ownGet(ctx, reader, 'natGateway', id)
  if (gateway.deletedAt !== null) throw notFound('natGateway', id)
  if ((gateway.address ? 'public' : 'private') === kind) return gateway
  throw invalidValue('NatGatewayId', id, `This is for a ${kind} NAT gateway`)
}

export interface NatAddressesChange {
  gateway: NatGateway
  addresses: NatAddress[]
}

/** @throws Faults `AlreadyAssociated`, `LimitExceeded`, `NoFreeAddress`. */
export function natAddressesAssociate(
  ctx: Ctx,
  id: GatewayId,
  kind: Connectivity,
  wish: NatAddressesWish,
): Change<NatAddressesChange> {
  return async (tx) => {
    const gateway = await gatewayOf(ctx, tx, id, kind)
    return { gateway, addresses: await natAddressesAdd(ctx, tx, gateway, wish) }
  }
}

/** By their associations, or by their private addresses. @throws Fault `InvalidValue` for the primary one. */
export function natAddressesRemove(
  ctx: Ctx,
  id: GatewayId,
  kind: Connectivity,
  { parameter, names }: { parameter: string; names: readonly string[] },
): Change<NatAddressesChange> {
  return async (tx) => {
    const gateway = await gatewayOf(ctx, tx, id, kind)
    const nameOf = ({ privateAddress, association }: NatAddress): string =>
      kind === 'public' ? association!.id : privateAddress
    const { secondary = [] } = gateway
    const missing = names.find((name) => !secondary.some((each) => nameOf(each) === name))
    if (missing !== undefined) {
      throw invalidValue(parameter, missing, `not a secondary address of ${id}`)
    }
    const isGone = (each: NatAddress): boolean => names.includes(nameOf(each))
    await natAddressesSet(
      tx,
      gateway,
      secondary.filter((each) => !isGone(each)),
    )
    return { gateway, addresses: secondary.filter(isGone) }
  }
}
