/** Fast launch of an image as EC2 shows it: the same members in all three operations' answers. */
import type { DescribeFastLaunchImagesSuccessItem } from '@aws-sdk/client-ec2'
import type { Image } from '../../../domain/image.ts'
import { present } from '../../../lib/assert.ts'

export function fastLaunchShape(image: Image): DescribeFastLaunchImagesSuccessItem {
  const fastLaunch = present(image.fastLaunch, 'fast launch of the image')
  return {
    ImageId: image.id,
    ResourceType: 'snapshot',
    SnapshotConfiguration: { TargetResourceCount: fastLaunch.targetResourceCount },
    MaxParallelLaunches: fastLaunch.maxParallelLaunches,
    OwnerId: image.account,
    State: fastLaunch.state,
    StateTransitionReason: fastLaunch.reason,
    StateTransitionTime: new Date(fastLaunch.changedAt),
  }
}
