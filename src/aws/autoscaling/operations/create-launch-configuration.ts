/** CreateLaunchConfiguration. */
import { configurationCreate } from '../../../app/autoscaling/configurations.ts'
import { launchParametersOf } from '../launch-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'CreateLaunchConfiguration'>({
  handle: async (ctx, input) => {
    const { data, given } = await launchParametersOf(ctx, input)
    await configurationCreate(ctx, { name: input.LaunchConfigurationName!, data, given })
    return {}
  },
})
