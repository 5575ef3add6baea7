/** ModifyVpcAttribute: one attribute a request, as EC2 has it. */
import { vpcModify } from '../../../app/network/vpc-attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { oneAttribute } from '../one-attribute.ts'

export default operation<'ec2', 'ModifyVpcAttribute'>({
  handle: async (ctx, input) => {
    oneAttribute(input, [
      'EnableDnsHostnames',
      'EnableDnsSupport',
      'EnableNetworkAddressUsageMetrics',
    ])
    if (input.EnableNetworkAddressUsageMetrics?.Value) {
      throw new FaultError({ type: 'Unsupported', feature: 'EnableNetworkAddressUsageMetrics' })
    }
    await vpcModify(ctx, parseId('vpc', input.VpcId!), {
      hasDnsSupport: input.EnableDnsSupport?.Value,
      hasDnsHostnames: input.EnableDnsHostnames?.Value,
    })
    return {}
  },
})
