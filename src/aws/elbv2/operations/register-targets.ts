/** RegisterTargets. */
import { targetsRegister } from '../../../app/balancers/targets.ts'
import { targetsOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'RegisterTargets'>({
  handle: async (ctx, input) => {
    await targetsRegister(ctx, input.TargetGroupArn!, targetsOf(input.Targets))
    return {}
  },
})
