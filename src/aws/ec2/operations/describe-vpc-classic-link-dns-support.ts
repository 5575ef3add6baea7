/** DescribeVpcClassicLinkDnsSupport: of no VPC, as there is no EC2-Classic any more. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeVpcClassicLinkDnsSupport'>({
  handle: async (ctx, input, call) => {
    const ids = (input.VpcIds ?? []).map((id) => parseId('vpc', id))
    const page = call.page(await ownList(ctx, 'vpc', ids), { key: (vpc) => vpc.id })
    return {
      Vpcs: page.items.map((vpc) => ({ VpcId: vpc.id, ClassicLinkDnsSupported: false })),
      NextToken: page.nextToken,
    }
  },
})
