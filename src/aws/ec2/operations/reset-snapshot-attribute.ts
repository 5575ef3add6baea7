/** ResetSnapshotAttribute: only its owner may make volumes of it. */
import { snapshotShare, snapshotSharePlan } from '../../../app/snapshots/share.ts'
import { invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ResetSnapshotAttribute'>({
  check: async (ctx, input) => {
    if (input.Attribute !== 'createVolumePermission') {
      throw invalidValue('attribute', input.Attribute, 'only createVolumePermission can be reset')
    }
    await snapshotSharePlan(ctx, parseId('snapshot', input.SnapshotId!), null)
  },
  handle: async (ctx, input) => {
    await snapshotShare(ctx, parseId('snapshot', input.SnapshotId!), null)
    return {}
  },
})
