/** DescribeVolumesModifications: the last one of each volume. Filters look at the answer itself. */
import type { VolumeModification } from '@aws-sdk/client-ec2'
import { ownList } from '../../../app/network/scope.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentModification } from '../present/volume.ts'

export default operation<'ec2', 'DescribeVolumesModifications', VolumeModification>({
  filters: {
    'modification-state': (one) => one.ModificationState,
    'original-iops': (one) => one.OriginalIops,
    'original-size': (one) => one.OriginalSize,
    'original-volume-type': (one) => one.OriginalVolumeType,
    originalMultiAttachEnabled: (one) => one.OriginalMultiAttachEnabled,
    'start-time': (one) => one.StartTime,
    'target-iops': (one) => one.TargetIops,
    'target-size': (one) => one.TargetSize,
    'target-volume-type': (one) => one.TargetVolumeType,
    targetMultiAttachEnabled: (one) => one.TargetMultiAttachEnabled,
    'volume-id': (one) => one.VolumeId,
  },
  handle: async (ctx, input, call) => {
    const ids = (input.VolumeIds ?? []).map((id) => parseId('volume', id))
    const volumes = await ownList(ctx, 'volume', ids)
    const never = volumes.find((volume) => !volume.modification)
    if (ids.length > 0 && never) {
      const message = `Modification for volume '${never.id}' does not exist.`
      throw new FaultError({ type: 'Service', code: 'InvalidVolumeModification.NotFound', message })
    }
    const modified = volumes.filter((volume) => volume.modification)
    const page = call.page(call.filter(modified.map(presentModification)), {
      key: (one) => one.VolumeId!,
      defaultSize: 500,
    })
    return { VolumesModifications: page.items, NextToken: page.nextToken }
  },
})
