/** DescribeLaunchConfigurations. */
import { configurationsFind } from '../../../app/autoscaling/configurations.ts'
import { configurationPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeLaunchConfigurations'>({
  handle: async (ctx, input, call) => {
    const found = await configurationsFind(ctx, input.LaunchConfigurationNames ?? [])
    const page = call.page(found, { key: ({ name }) => name, defaultSize: 50 })
    return {
      LaunchConfigurations: page.items.map(configurationPresent),
      NextToken: page.nextToken,
    }
  },
})
