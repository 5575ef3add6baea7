/** DescribeAccountLimits. */
import { GROUPS_MAX, groupsFind } from '../../../app/autoscaling/groups.ts'
import { CONFIGURATIONS_MAX, configurationsFind } from '../../../app/autoscaling/configurations.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeAccountLimits'>({
  handle: async (ctx) => ({
    MaxNumberOfAutoScalingGroups: GROUPS_MAX,
    MaxNumberOfLaunchConfigurations: CONFIGURATIONS_MAX,
    NumberOfAutoScalingGroups: (await groupsFind(ctx, [])).length,
    NumberOfLaunchConfigurations: (await configurationsFind(ctx, [])).length,
  }),
})
