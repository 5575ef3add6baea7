/** CopySnapshot, within a region or from another one. */
import type { CopySnapshotRequest } from '@aws-sdk/client-ec2'
import {
  snapshotCopy,
  snapshotCopyPlan,
  type SnapshotCopyRequest,
} from '../../../app/snapshots/copy.ts'
import type { Ctx } from '../../../app/context.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { encryptionOf } from '../encryption-parameter.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'
import { tagList } from '../tags.ts'

export default operation<'ec2', 'CopySnapshot'>({
  check: async (ctx, input) => {
    await snapshotCopyPlan(ctx, requestOf(ctx, input))
  },
  handle: async (ctx, input) => {
    const snapshot = await snapshotCopy(ctx, requestOf(ctx, input))
    return { SnapshotId: snapshot.id, Tags: tagList(snapshot.tags) }
  },
})

function requestOf(ctx: Ctx, input: Readonly<CopySnapshotRequest>): SnapshotCopyRequest {
  const { DestinationRegion: to } = input
  if (to !== undefined && to !== ctx.region) {
    throw invalidValue('destinationRegion', to, `ask the endpoint of ${to} for it`)
  }
  const absent: [unknown, string][] = [
    [input.DestinationOutpostArn, 'DestinationOutpostArn'],
    [input.DestinationAvailabilityZone, 'DestinationAvailabilityZone'],
    [input.CompletionDurationMinutes, 'CompletionDurationMinutes'],
  ]
  const found = absent.find(([value]) => Boolean(value))
  if (found) throw new FaultError({ type: 'Unsupported', feature: `CopySnapshot with ${found[1]}` })
  return {
    sourceRegion: input.SourceRegion!,
    sourceId: parseId('snapshot', input.SourceSnapshotId!),
    description: input.Description ?? '',
    encryption: encryptionOf(input),
    tags: tagsOfSpecifications(input.TagSpecifications, 'snapshot'),
  }
}
