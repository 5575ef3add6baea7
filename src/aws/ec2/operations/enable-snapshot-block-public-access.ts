/** EnableSnapshotBlockPublicAccess, for the account in the region. */
import { publicAccessSet } from '../../../app/public-access.ts'
import { invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'EnableSnapshotBlockPublicAccess'>({
  check: async (_ctx, { State }) => {
    if (State !== 'unblocked') return
    throw invalidValue('State', State, 'DisableSnapshotBlockPublicAccess is for that')
  },
  handle: async (ctx, input) => ({
    State: await publicAccessSet(ctx, 'snapshot', input.State!),
  }),
})
