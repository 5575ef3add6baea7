/** DescribeAvailabilityZones: the zones of the caller's region. There are no local zones nor wavelength zones. */
import { invalidValue } from '../../../domain/faults.ts'
import { zonesOf, type Zone } from '../../../domain/zones.ts'
import type { Ctx } from '../../../app/context.ts'
import { operation } from '../../operation.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeAvailabilityZones', Zone>({
  filters: {
    'group-name': groupNameOf,
    'opt-in-status': () => 'opt-in-not-required',
    'region-name': (zone) => zone.region,
    state: () => 'available',
    'zone-id': (zone) => zone.id,
    'zone-name': (zone) => zone.name,
    'zone-type': () => 'availability-zone',
    'group-long-name': NONE,
    message: NONE,
    'parent-zone-id': NONE,
    'parent-zone-name': NONE,
  },
  check: (ctx, input) => {
    const zones = zonesHere(ctx)
    const isUnknown = (asked: string[] | undefined, has: (zone: Zone, text: string) => boolean) =>
      asked?.find((text) => !zones.some((zone) => has(zone, text)))
    const unknown =
      isUnknown(input.ZoneNames, (zone, text) => zone.name === text) ??
      isUnknown(input.ZoneIds, (zone, text) => zone.id === text)
    if (unknown === undefined) return
    throw invalidValue('ZoneName', unknown, `Invalid availability zone: [${unknown}]`)
  },
  handle: (ctx, input, call) => {
    const { ZoneNames: names = [], ZoneIds: ids = [] } = input
    const isAll = names.length === 0 && ids.length === 0
    const asked = zonesHere(ctx).filter(
      (zone) => isAll || names.includes(zone.name) || ids.includes(zone.id),
    )
    return {
      AvailabilityZones: call.filter(asked).map((zone) => ({
        ZoneName: zone.name,
        ZoneId: zone.id,
        ZoneType: 'availability-zone',
        RegionName: zone.region,
        GroupName: groupNameOf(zone),
        NetworkBorderGroup: zone.region,
        OptInStatus: 'opt-in-not-required' as const,
        State: 'available' as const,
        Messages: [],
      })),
    }
  },
})

function zonesHere(ctx: Ctx): Zone[] {
  return zonesOf(ctx.region, ctx.app.settings.zones)
}

function groupNameOf(zone: Zone): string {
  return `${zone.region}-zg-1`
}
