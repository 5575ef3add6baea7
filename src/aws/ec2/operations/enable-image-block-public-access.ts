/** EnableImageBlockPublicAccess, for the account in the region. */
import { publicAccessSet } from '../../../app/public-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'EnableImageBlockPublicAccess'>({
  handle: async (ctx, input) => ({
    ImageBlockPublicAccessState: (await publicAccessSet(
      ctx,
      'image',
      input.ImageBlockPublicAccessState!,
    )) as 'block-new-sharing',
  }),
})
