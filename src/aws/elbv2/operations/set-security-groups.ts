/** SetSecurityGroups. */
import { balancerSetGroups } from '../../../app/balancers/balancers.ts'
import type { SecurityGroupId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'SetSecurityGroups'>({
  handle: async (ctx, input) => {
    const wanted = input.SecurityGroups as SecurityGroupId[]
    const { groupIds } = await balancerSetGroups(ctx, input.LoadBalancerArn!, wanted)
    return { SecurityGroupIds: [...groupIds] }
  },
})
