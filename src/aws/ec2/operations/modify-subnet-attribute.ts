/**
 * ModifySubnetAttribute: whether interfaces launched here get a public address, and how instances are named. The other
 * attributes are not served.
 */
import { ownGet } from '../../../app/network/scope.ts'
import { subnetModify } from '../../../app/network/vpc-attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
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
    const id = parseId('subnet', input.SubnetId!)
    const name = oneAttribute(input, ATTRIBUTES)
    const value = input[name]
    const wanted = typeof value === 'object' ? value.Value : value
    if (name === 'MapPublicIpOnLaunch') {
      await subnetModify(ctx, id, { mapPublicIpOnLaunch: Boolean(wanted) })
      return {}
    }
    if (name === 'PrivateDnsHostnameTypeOnLaunch') {
      await subnetModify(ctx, id, { hostnameTypeOnLaunch: wanted as 'ip-name' | 'resource-name' })
      return {}
    }
    await ownGet(ctx, ctx.app.store, 'subnet', id)
    if (!AS_IT_IS.includes(wanted)) throw new FaultError({ type: 'Unsupported', feature: name })
    return {}
  },
})
