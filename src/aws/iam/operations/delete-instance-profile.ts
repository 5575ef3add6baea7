/** DeleteInstanceProfile. */
import { profileRemove } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteInstanceProfile'>({
  handle: async (ctx, input) => {
    await profileRemove(ctx, input.InstanceProfileName!)
    return {}
  },
})
