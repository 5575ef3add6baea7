/** CreateReplaceRootVolumeTask. */
import type { CreateReplaceRootVolumeTaskRequest } from '@aws-sdk/client-ec2'
import {
  rootReplace,
  rootReplacePlan,
  type RootReplaceRequest,
} from '../../../app/volumes/replace-root.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentRootTask } from '../present/root-task.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateReplaceRootVolumeTask'>({
  check: async (ctx, input) => {
    // A repeated request finds its own task under way; `handle` knows its token.
    if (input.DryRun || !input.ClientToken) await rootReplacePlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => ({
    ReplaceRootVolumeTask: presentRootTask(await rootReplace(ctx, requestOf(input))),
  }),
})

function requestOf(input: Readonly<CreateReplaceRootVolumeTaskRequest>): RootReplaceRequest {
  if (input.VolumeInitializationRate) {
    const feature = 'CreateReplaceRootVolumeTask with VolumeInitializationRate'
    throw new FaultError({ type: 'Unsupported', feature })
  }
  return {
    instanceId: parseId('instance', input.InstanceId!),
    snapshotId: input.SnapshotId ? parseId('snapshot', input.SnapshotId) : null,
    imageId: input.ImageId ? parseId('image', input.ImageId) : null,
    isOldDeleted: input.DeleteReplacedRootVolume ?? false,
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'replace-root-volume-task'),
  }
}
