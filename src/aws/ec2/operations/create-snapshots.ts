/** CreateSnapshots: all volumes of an instance at one instant. */
import type { CreateSnapshotsRequest, SnapshotInfo } from '@aws-sdk/client-ec2'
import {
  snapshotsTake,
  snapshotsTakeCheck,
  type SnapshotsTakeRequest,
} from '../../../app/snapshots/take.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Snapshot } from '../../../domain/image.ts'
import { operation } from '../../operation.ts'
import { presentSnapshot } from '../present/snapshot.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateSnapshots'>({
  check: async (ctx, input) => {
    await snapshotsTakeCheck(ctx, requestOf(input))
  },
  handle: async (ctx, input) => {
    const snapshots = await snapshotsTake(ctx, requestOf(input))
    return { Snapshots: snapshots.map(presentInfo) }
  },
})

function requestOf(input: Readonly<CreateSnapshotsRequest>): SnapshotsTakeRequest {
  if (input.OutpostArn || input.Location === 'local') {
    throw new FaultError({ type: 'Unsupported', feature: 'snapshots in Outposts and Local Zones' })
  }
  const { InstanceId, ExcludeBootVolume, ExcludeDataVolumeIds = [] } = input.InstanceSpecification!
  if (!InstanceId) {
    throw new FaultError({
      type: 'MissingParameter',
      parameter: 'InstanceSpecification.InstanceId',
    })
  }
  return {
    instanceId: parseId('instance', InstanceId),
    hasBootVolume: ExcludeBootVolume !== true,
    excluded: ExcludeDataVolumeIds.map((id) => parseId('volume', id)),
    areTagsCopied: input.CopyTagsFromSource === 'volume',
    description: input.Description ?? '',
    tags: tagsOfSpecifications(input.TagSpecifications, 'snapshot'),
  }
}

function presentInfo(snapshot: Snapshot): SnapshotInfo {
  const { Description, Encrypted, VolumeId, State, VolumeSize, StartTime, ...more } =
    presentSnapshot(snapshot)
  const { Progress, OwnerId, SnapshotId, Tags } = more
  return {
    ...{ Description, Encrypted, VolumeId, State, VolumeSize, StartTime },
    ...{ Progress, OwnerId, SnapshotId, Tags },
  }
}
