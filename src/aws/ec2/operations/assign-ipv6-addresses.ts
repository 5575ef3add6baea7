/** AssignIpv6Addresses: by name or by count. */
import { ipv6Assign } from '../../../app/network/interface-ipv6.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { ipv6AddressesOf } from '../private-addresses.ts'

export default changing<'AssignIpv6Addresses', string[]>({
  change: (ctx, input) => {
    refuseFeatures('AssignIpv6Addresses', {
      'IPv6 prefixes': input.Ipv6PrefixCount ?? input.Ipv6Prefixes,
    })
    const wish = ipv6AddressesOf({
      Ipv6AddressCount: input.Ipv6AddressCount,
      Ipv6Addresses: input.Ipv6Addresses?.map((Ipv6Address) => ({ Ipv6Address })),
    })
    if (!wish) throw new FaultError({ type: 'MissingParameter', parameter: 'ipv6AddressCount' })
    const interfaceId = parseId('networkInterface', input.NetworkInterfaceId!)
    return ipv6Assign(ctx, { interfaceId, addresses: wish.addresses })
  },
  answer: (AssignedIpv6Addresses, _ctx, input) => ({
    NetworkInterfaceId: input.NetworkInterfaceId,
    AssignedIpv6Addresses,
    AssignedIpv6Prefixes: [],
  }),
})
