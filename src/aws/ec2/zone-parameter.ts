/** Availability zones in requests: newer operations take the name or the id. */
import type { SubnetRequest } from '../../app/network/subnets.ts'
import type { Ctx } from '../../app/context.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { zonesOf } from '../../domain/zones.ts'

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

/** The same as a name; null: any. @throws Fault `InvalidValue` for an id that is no zone here. */
export function zoneNameOf(ctx: Ctx, input: Parameters<typeof zoneOf>[0] = {}): string | null {
  const zone = zoneOf(input)
  if (zone?.parameter !== 'availabilityZoneId') return zone?.value ?? null
  const found = zonesOf(ctx.region, ctx.app.settings.zones).find(({ id }) => id === zone.value)
  if (found) return found.name
  throw invalidValue('availabilityZoneId', zone.value, 'Invalid availability zone')
}
