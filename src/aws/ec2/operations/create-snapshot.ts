/** CreateSnapshot: what the volume holds at this instant; the answer goes out when it is fixed. */
import type { CreateSnapshotRequest } from '@aws-sdk/client-ec2'
import { snapshotTake, snapshotTakeCheck } from '../../../app/snapshots/take.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentSnapshot } from '../present/snapshot.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateSnapshot'>({
  check: async (ctx, input) => {
    await snapshotTakeCheck(ctx, requestOf(input))
  },
  handle: async (ctx, input) => presentSnapshot(await snapshotTake(ctx, requestOf(input))),
})

function requestOf(input: Readonly<CreateSnapshotRequest>) {
  if (input.OutpostArn || input.Location === 'local') {
    throw new FaultError({ type: 'Unsupported', feature: 'snapshots in Outposts and Local Zones' })
  }
  return {
    volumeId: parseId('volume', input.VolumeId!),
    description: input.Description ?? '',
    tags: tagsOfSpecifications(input.TagSpecifications, 'snapshot'),
  }
}
