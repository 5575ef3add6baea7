/** DescribeVpcAttribute. */
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeVpcAttribute'>({
  handle: async (ctx, input) => {
    const vpc = await ownGet(ctx, ctx.app.store, 'vpc', parseId('vpc', input.VpcId!))
    switch (input.Attribute!) {
      case 'enableDnsSupport':
        return { VpcId: vpc.id, EnableDnsSupport: { Value: vpc.hasDnsSupport } }
      case 'enableDnsHostnames':
        return { VpcId: vpc.id, EnableDnsHostnames: { Value: vpc.hasDnsHostnames } }
      case 'enableNetworkAddressUsageMetrics':
        return { VpcId: vpc.id, EnableNetworkAddressUsageMetrics: { Value: false } }
    }
  },
})
