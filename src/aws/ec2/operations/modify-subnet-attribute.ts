/**
 * ModifySubnetAttribute: what interfaces and instances launched here get, one attribute a request. There is no DNS64
 * and there are no outposts.
 */
import { ownGet } from '../../../app/network/scope.ts'
import { subnetModify, type SubnetSwitches } from '../../../app/network/vpc-attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Subnet } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { oneAttribute } from '../one-attribute.ts'

const ATTRIBUTES = [
  'MapPublicIpOnLaunch',
  'AssignIpv6AddressOnCreation',
  'MapCustomerOwnedIpOnLaunch',
  'EnableDns64',
  'PrivateDnsHostnameTypeOnLaunch',
  'EnableResourceNameDnsARecordOnLaunch',
  'EnableResourceNameDnsAAAARecordOnLaunch',
  'EnableLniAtDeviceIndex',
  'DisableLniAtDeviceIndex',
] as const

/** What every subnet here has, so that asking for it changes nothing. */
const AS_IT_IS: readonly unknown[] = [false]

export default operation<'ec2', 'ModifySubnetAttribute'>({
  handle: async (ctx, input) => {
    const subnet = await ownGet(ctx, ctx.app.store, 'subnet', parseId('subnet', input.SubnetId!))
    const name = oneAttribute(input, ATTRIBUTES)
    const value = input[name]
    const wanted = typeof value === 'object' ? value.Value : value
    const change = changeOf(subnet, name, wanted)
    if (change) await subnetModify(ctx, subnet.id, change)
    else if (!AS_IT_IS.includes(wanted)) {
      throw new FaultError({ type: 'Unsupported', feature: name })
    }
    return {}
  },
})

function changeOf(
  subnet: Subnet,
  name: (typeof ATTRIBUTES)[number],
  wanted: unknown,
): Partial<SubnetSwitches> | undefined {
  const names = subnet.resourceNamesOnLaunch ?? { hasA: false, hasAaaa: false }
  switch (name) {
    case 'MapPublicIpOnLaunch':
      return { mapPublicIpOnLaunch: Boolean(wanted) }
    case 'AssignIpv6AddressOnCreation':
      return { assignIpv6OnCreation: Boolean(wanted) }
    case 'PrivateDnsHostnameTypeOnLaunch':
      return { hostnameTypeOnLaunch: wanted as 'ip-name' | 'resource-name' }
    case 'EnableResourceNameDnsARecordOnLaunch':
      return { resourceNamesOnLaunch: { ...names, hasA: Boolean(wanted) } }
    case 'EnableResourceNameDnsAAAARecordOnLaunch':
      return { resourceNamesOnLaunch: { ...names, hasAaaa: Boolean(wanted) } }
    default:
      return undefined
  }
}
