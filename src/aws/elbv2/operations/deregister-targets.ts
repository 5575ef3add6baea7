/** DeregisterTargets. */
import { targetsDeregister } from '../../../app/balancers/targets.ts'
import { targetsOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DeregisterTargets'>({
  handle: async (ctx, input) => {
    await targetsDeregister(ctx, input.TargetGroupArn!, targetsOf(input.Targets))
    return {}
  },
})
