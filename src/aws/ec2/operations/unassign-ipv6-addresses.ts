/** UnassignIpv6Addresses. */
import { ipv6Unassign } from '../../../app/network/interface-ipv6.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { address6Canonical } from '../../../domain/net/blocks.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'

export default changing<'UnassignIpv6Addresses', void>({
  change: (ctx, input) => {
    refuseFeatures('UnassignIpv6Addresses', { 'IPv6 prefixes': input.Ipv6Prefixes })
    const { Ipv6Addresses: addresses = [] } = input
    if (addresses.length === 0) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'ipv6Addresses' })
    }
    const canonical = addresses.map((each) => address6Canonical(each, 'ipv6Addresses'))
    return ipv6Unassign(ctx, parseId('networkInterface', input.NetworkInterfaceId!), canonical)
  },
  answer: (_none, _ctx, input) => ({
    NetworkInterfaceId: input.NetworkInterfaceId,
    UnassignedIpv6Addresses: input.Ipv6Addresses,
    UnassignedIpv6Prefixes: [],
  }),
})
