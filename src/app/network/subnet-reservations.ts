/**
 * CIDR reservations of subnets: blocks from which no address is given out by itself. From an `explicit` one addresses
 * can be asked for by name; a `prefix` one is kept for prefixes. Source: VPC user guide, "Subnet CIDR reservations".
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type IdOf, type SubnetId } from '../../domain/ids.ts'
import { blockCanonical, blocksOverlap, blockWithin } from '../../domain/net/blocks.ts'
import { subnetCidrs, type SubnetReservation } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, ownGet } from './scope.ts'

const DESCRIPTION_MAX = 255

export interface ReservationRequest {
  subnetId: SubnetId
  cidr: string
  type: SubnetReservation['type']
  description: string
  tags: Tags
}

export async function reservationsOf(
  reader: StoreReader,
  subnetId: string,
): Promise<SubnetReservation[]> {
  const reference = { name: 'subnet', value: subnetId }
  return await reader.list('subnetReservation', { reference })
}

export function reservationCreate(
  ctx: Ctx,
  request: ReservationRequest,
): Change<SubnetReservation> {
  return async (tx) => {
    const { subnetId, type, description } = request
    const subnet = await ownGet(ctx, tx, 'subnet', subnetId)
    const cidr = blockCanonical(request.cidr, 'cidr')
    if (cidr !== request.cidr) throw invalidValue('cidr', request.cidr, `did you mean ${cidr}?`)
    const cidrs = subnetCidrs(subnet)
    if (!cidrs.some((each) => blockWithin(cidr, each))) {
      throw invalidValue('cidr', cidr, `not within ${subnetId} (${cidrs.join(', ')})`)
    }
    for (const other of await reservationsOf(tx, subnetId)) {
      if (!blocksOverlap(other.cidr, cidr)) continue
      throw new FaultError({ type: 'Duplicate', kind: 'subnetReservation', name: cidr })
    }
    if (description.length > DESCRIPTION_MAX) {
      throw invalidValue('description', description, `at most ${DESCRIPTION_MAX} characters`)
    }
    const id = newId('subnetReservation', ctx.app.random)
    const what = { id, subnetId, cidr, type, description }
    return await tx.insert('subnetReservation', { ...baseOf(ctx, request.tags), ...what })
  }
}

export function reservationDelete(
  ctx: Ctx,
  id: IdOf<'subnetReservation'>,
): Change<SubnetReservation> {
  return async (tx) => {
    const reservation = await ownGet(ctx, tx, 'subnetReservation', id)
    await tx.remove('subnetReservation', reservation)
    return reservation
  }
}
