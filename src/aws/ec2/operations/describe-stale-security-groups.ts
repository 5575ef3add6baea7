/**
 * DescribeStaleSecurityGroups: groups with rules that name a deleted group of a peered VPC. A group that is named
 * cannot be deleted and VPCs are not peered here, so there are none; the VPC must exist.
 */
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeStaleSecurityGroups'>({
  handle: async (ctx, input) => {
    await ownGet(ctx, ctx.app.store, 'vpc', parseId('vpc', input.VpcId!))
    return { StaleSecurityGroupSet: [] }
  },
})
