/** CreateSubnetCidrReservation. */
import { reservationCreate } from '../../../app/network/subnet-reservations.ts'
import { parseId } from '../../../domain/ids.ts'
import type { SubnetReservation } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { reservationShape } from '../present/subnet-reservation.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateSubnetCidrReservation', SubnetReservation>({
  change: (ctx, input) =>
    reservationCreate(ctx, {
      subnetId: parseId('subnet', input.SubnetId!),
      cidr: input.Cidr!,
      type: input.ReservationType!,
      description: input.Description ?? '',
      tags: tagsOfSpecifications(input.TagSpecifications, 'subnet-cidr-reservation'),
    }),
  answer: (reservation) => ({ SubnetCidrReservation: reservationShape(reservation) }),
})
