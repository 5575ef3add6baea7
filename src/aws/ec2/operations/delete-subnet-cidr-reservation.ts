/** DeleteSubnetCidrReservation. */
import { reservationDelete } from '../../../app/network/subnet-reservations.ts'
import { parseId } from '../../../domain/ids.ts'
import type { SubnetReservation } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { reservationShape } from '../present/subnet-reservation.ts'

export default changing<'DeleteSubnetCidrReservation', SubnetReservation>({
  change: (ctx, input) =>
    reservationDelete(ctx, parseId('subnetReservation', input.SubnetCidrReservationId!)),
  answer: (reservation) => ({ DeletedSubnetCidrReservation: reservationShape(reservation) }),
})
