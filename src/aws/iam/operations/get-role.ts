/** GetRole. */
import { entityGet } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentRole } from '../present.ts'

export default operation<'iam', 'GetRole'>({
  handle: async (ctx, input) => ({
    Role: presentRole(await entityGet(ctx, 'iamRole', input.RoleName!)),
  }),
})
