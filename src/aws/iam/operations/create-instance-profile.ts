/** CreateInstanceProfile. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { profileCreate } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'
import { presentProfile } from '../present.ts'

export default operation<'iam', 'CreateInstanceProfile'>({
  handle: async (ctx, input) => {
    const profile = await profileCreate(
      ctx,
      input.InstanceProfileName!,
      input.Path,
      tagsOf(input.Tags),
    )
    return { InstanceProfile: await presentProfile(ctx, profile) }
  },
})
