/** GetSubnetCidrReservations of a subnet. */
import { ownGet } from '../../../app/network/scope.ts'
import { reservationsOf } from '../../../app/network/subnet-reservations.ts'
import { parseId } from '../../../domain/ids.ts'
import { isIpv6 } from '../../../domain/net/blocks.ts'
import type { SubnetReservation } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { reservationShape } from '../present/subnet-reservation.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'GetSubnetCidrReservations', SubnetReservation>({
  filters: {
    reservationType: (one) => one.type,
    'subnet-id': (one) => one.subnetId,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const { id } = await ownGet(ctx, ctx.app.store, 'subnet', parseId('subnet', input.SubnetId!))
    const found = call.filter(await reservationsOf(ctx.app.store, id))
    const page = call.page(found, { key: (one) => one.id })
    return {
      SubnetIpv4CidrReservations: page.items
        .filter((one) => !isIpv6(one.cidr))
        .map(reservationShape),
      SubnetIpv6CidrReservations: page.items
        .filter((one) => isIpv6(one.cidr))
        .map(reservationShape),
      NextToken: page.nextToken,
    }
  },
})
