/** GetSnapshotBlockPublicAccessState. */
import { publicAccess } from '../../../app/public-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetSnapshotBlockPublicAccessState'>({
  handle: async (ctx) => ({
    State: await publicAccess(ctx, 'snapshot'),
    ManagedBy: 'account',
  }),
})
