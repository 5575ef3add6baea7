/** DeregisterImage: nobody can launch it any more; what runs from it goes on. */
import { imageDeregister, imageDeregisterCheck } from '../../../app/images/deregister.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeregisterImage'>({
  check: async (ctx, input) => {
    await imageDeregisterCheck(ctx, parseId('image', input.ImageId!))
  },
  handle: async (ctx, input) => {
    const id = parseId('image', input.ImageId!)
    const results = await imageDeregister(ctx, id, input.DeleteAssociatedSnapshots ?? false)
    return {
      Return: true,
      DeleteSnapshotResults: results.map(({ snapshotId, outcome }) => ({
        SnapshotId: snapshotId,
        ReturnCode: outcome,
      })),
    }
  },
})
