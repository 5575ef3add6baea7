/** AssignPrivateIpAddresses: further addresses for an interface, by name or by count. */
import { addressesAssign } from '../../../app/network/interface-addresses.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'

export default changing<'AssignPrivateIpAddresses', string[]>({
  change: (ctx, input) => {
    refuseFeatures('AssignPrivateIpAddresses', {
      'IPv4 prefixes': input.Ipv4PrefixCount ?? input.Ipv4Prefixes,
    })
    const { PrivateIpAddresses: named = [], SecondaryPrivateIpAddressCount: count } = input
    if (named.length > 0 && count !== undefined) {
      throw new FaultError({
        type: 'InvalidCombination',
        parameters: ['PrivateIpAddresses', 'SecondaryPrivateIpAddressCount'],
        reason: 'Give the secondary addresses or their count, not both',
      })
    }
    if (named.length === 0 && !count) {
      const parameter = 'secondaryPrivateIpAddressCount'
      throw new FaultError({ type: 'MissingParameter', parameter })
    }
    return addressesAssign(ctx, {
      interfaceId: parseId('networkInterface', input.NetworkInterfaceId!),
      addresses: named.length > 0 ? named : Array<null>(count!).fill(null),
      mayReassign: input.AllowReassignment ?? false,
    })
  },
  answer: (addresses, _ctx, input) => ({
    NetworkInterfaceId: input.NetworkInterfaceId,
    AssignedPrivateIpAddresses: addresses.map((PrivateIpAddress) => ({ PrivateIpAddress })),
    AssignedIpv4Prefixes: [],
  }),
})
