/** DescribeVpcClassicLink: EC2-Classic is no more and no VPC linked to it; Ansible asks all the same. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Vpc } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { tagList, tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeVpcClassicLink', Vpc>({
  filters: { 'is-classic-link-enabled': () => false },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.VpcIds ?? []).map((id) => parseId('vpc', id))
    const found = call.filter(await ownList(ctx, 'vpc', ids))
    return {
      Vpcs: found.map((vpc) => {
        return { VpcId: vpc.id, ClassicLinkEnabled: false, Tags: tagList(vpc.tags) }
      }),
    }
  },
})
