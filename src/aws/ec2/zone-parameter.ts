/** Availability zones in requests: newer operations take the name or the id. */
import type { SubnetRequest } from '../../app/network/subnets.ts'
import { FaultError } from '../../domain/faults.ts'

/** The zone of a request, by its name or its id. */
export function zoneOf(input: {
  AvailabilityZone?: string | undefined
  AvailabilityZoneId?: string | undefined
}): SubnetRequest['zone'] {
  const { AvailabilityZone: name, AvailabilityZoneId: id } = input
  if (name && id) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['AvailabilityZone', 'AvailabilityZoneId'],
      reason: 'Give the zone by its name or by its id, not by both',
    })
  }
  if (name) return { parameter: 'availabilityZone', value: name }
  return id ? { parameter: 'availabilityZoneId', value: id } : null
}
