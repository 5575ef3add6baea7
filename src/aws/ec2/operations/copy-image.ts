/** CopyImage, within a region or from another one. */
import type { CopyImageRequest } from '@aws-sdk/client-ec2'
import { imageCopy, imageCopyPlan, type ImageCopyRequest } from '../../../app/images/copy.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { encryptionOf } from '../encryption-parameter.ts'
import { imageNameChecked } from '../image-name.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CopyImage'>({
  check: async (ctx, input) => {
    // A repeated request finds its own image under the name; `handle` knows its token.
    if (input.DryRun || !input.ClientToken) await imageCopyPlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => ({ ImageId: await imageCopy(ctx, requestOf(input)) }),
})

function requestOf(input: Readonly<CopyImageRequest>): ImageCopyRequest {
  const absent: [unknown, string][] = [
    [input.DestinationOutpostArn, 'DestinationOutpostArn'],
    [input.DestinationAvailabilityZone, 'DestinationAvailabilityZone'],
    [input.DestinationAvailabilityZoneId, 'DestinationAvailabilityZoneId'],
    [input.SnapshotCopyCompletionDurationMinutes, 'SnapshotCopyCompletionDurationMinutes'],
  ]
  const found = absent.find(([value]) => Boolean(value))
  if (found) throw new FaultError({ type: 'Unsupported', feature: `CopyImage with ${found[1]}` })
  const tags = (type: string) =>
    tagsOfSpecifications(input.TagSpecifications, type, ['image', 'snapshot'])
  return {
    sourceRegion: input.SourceRegion!,
    sourceId: parseId('image', input.SourceImageId!),
    name: imageNameChecked(input.Name),
    description: input.Description ?? '',
    areTagsCopied: input.CopyImageTags ?? false,
    encryption: encryptionOf(input),
    clientToken: input.ClientToken ?? null,
    tags: { image: tags('image'), snapshot: tags('snapshot') },
  }
}
