/** DisableImageBlockPublicAccess, for the account in the region. */
import { publicAccessSet } from '../../../app/public-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DisableImageBlockPublicAccess'>({
  handle: async (ctx) => {
    await publicAccessSet(ctx, 'image', 'unblocked')
    return { ImageBlockPublicAccessState: 'unblocked' }
  },
})
