/** GetImageBlockPublicAccessState. */
import { publicAccess } from '../../../app/public-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetImageBlockPublicAccessState'>({
  handle: async (ctx) => ({
    ImageBlockPublicAccessState: await publicAccess(ctx, 'image'),
    ManagedBy: 'account',
  }),
})
