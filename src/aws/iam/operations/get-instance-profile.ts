/** GetInstanceProfile. */
import { entityGet } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentProfile } from '../present.ts'

export default operation<'iam', 'GetInstanceProfile'>({
  handle: async (ctx, input) => ({
    InstanceProfile: await presentProfile(
      ctx,
      await entityGet(ctx, 'iamInstanceProfile', input.InstanceProfileName!),
    ),
  }),
})
