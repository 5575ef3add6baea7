/** DeleteLaunchConfiguration that no group uses. */
import { configurationDelete } from '../../../app/autoscaling/configurations.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteLaunchConfiguration'>({
  handle: async (ctx, input) => {
    await configurationDelete(ctx, input.LaunchConfigurationName!)
    return {}
  },
})
