/** Reservations: the instances of one launch, as RunInstances and DescribeInstances answer them. */
import type { Reservation } from '@aws-sdk/client-ec2'
import type { InstanceView } from '../../../app/instances/list.ts'
import { presentInstance } from './instance.ts'

export function presentReservation(views: readonly InstanceView[]): Reservation {
  const first = views[0]?.instance
  return {
    Groups: [],
    Instances: views.map(presentInstance),
    OwnerId: first?.account,
    ReservationId: first?.spec.reservationId,
  }
}
