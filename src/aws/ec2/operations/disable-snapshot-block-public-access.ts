/** DisableSnapshotBlockPublicAccess, for the account in the region. */
import { publicAccessSet } from '../../../app/public-access.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DisableSnapshotBlockPublicAccess'>({
  handle: async (ctx) => {
    await publicAccessSet(ctx, 'snapshot', 'unblocked')
    return { State: 'unblocked' }
  },
})
