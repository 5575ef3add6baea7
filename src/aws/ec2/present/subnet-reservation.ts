/** CIDR reservations of subnets as EC2 shows them. */
import type { SubnetCidrReservation } from '@aws-sdk/client-ec2'
import type { SubnetReservation } from '../../../domain/network.ts'
import { tagList } from '../tags.ts'

export function reservationShape(one: SubnetReservation): SubnetCidrReservation {
  return {
    SubnetCidrReservationId: one.id,
    SubnetId: one.subnetId,
    Cidr: one.cidr,
    ReservationType: one.type,
    OwnerId: one.account,
    Description: one.description,
    Tags: tagList(one.tags),
  }
}
