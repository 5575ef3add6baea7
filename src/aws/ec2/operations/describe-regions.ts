/**
 * DescribeRegions. The regions are AWS's own, which clients know by name; here each is a separate, empty cloud on the
 * same hosts, enabled as soon as somebody signs for it.
 */
import { REGIONS } from '../../../domain/regions.ts'
import type { Region } from '../../../domain/regions.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeRegions', Region>({
  filters: {
    endpoint: (region) => region.endpoint,
    'opt-in-status': (region) => region.optInStatus,
    'region-name': (region) => region.name,
  },
  check: (_ctx, input) => {
    for (const name of input.RegionNames ?? []) {
      if (REGIONS.some((region) => region.name === name)) continue
      throw new FaultError({
        type: 'InvalidValue',
        parameter: 'RegionName',
        value: name,
        reason: 'there is no region of this name',
      })
    }
  },
  handle: (_ctx, input, call) => {
    const asked = input.RegionNames ?? []
    const found = REGIONS.filter((region) =>
      asked.length > 0
        ? asked.includes(region.name)
        : input.AllRegions === true || region.optInStatus !== 'not-opted-in',
    )
    return {
      Regions: call.filter(found).map((region) => ({
        RegionName: region.name,
        Endpoint: region.endpoint,
        OptInStatus: region.optInStatus,
      })),
    }
  },
})
