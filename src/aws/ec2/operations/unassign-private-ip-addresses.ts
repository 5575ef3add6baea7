/** UnassignPrivateIpAddresses: any but the primary one. */
import { addressesUnassign } from '../../../app/network/interface-addresses.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'

export default changing<'UnassignPrivateIpAddresses', void>({
  change: (ctx, input) => {
    refuseFeatures('UnassignPrivateIpAddresses', { 'IPv4 prefixes': input.Ipv4Prefixes })
    const { PrivateIpAddresses: addresses = [] } = input
    if (addresses.length === 0) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'privateIpAddresses' })
    }
    return addressesUnassign(ctx, parseId('networkInterface', input.NetworkInterfaceId!), addresses)
  },
  answer: () => ({}),
})
