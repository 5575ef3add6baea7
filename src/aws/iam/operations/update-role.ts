/** UpdateRole. */
import { entityChange } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateRole'>({
  handle: async (ctx, input) => {
    await entityChange(ctx, 'iamRole', input.RoleName!, (role) => ({
      ...role,
      description: input.Description ?? role.description,
      sessionSecondsMax: input.MaxSessionDuration ?? role.sessionSecondsMax,
    }))
    return {}
  },
})
