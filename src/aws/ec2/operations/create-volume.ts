/** CreateVolume: empty or from a snapshot. */
import type { CreateVolumeRequest } from '@aws-sdk/client-ec2'
import {
  volumeCreate,
  volumeCreatePlan,
  type VolumeCreateRequest,
} from '../../../app/volumes/create.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { encryptionOf } from '../encryption-parameter.ts'
import { operation } from '../../operation.ts'
import { presentVolume } from '../present/volume.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateVolume'>({
  check: async (ctx, input) => {
    await volumeCreatePlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => presentVolume(await volumeCreate(ctx, requestOf(input))),
})

function requestOf(input: Readonly<CreateVolumeRequest>): VolumeCreateRequest {
  refuseAbsentFeatures(input)
  const zone = input.AvailabilityZone ?? input.AvailabilityZoneId
  if (!zone) throw new FaultError({ type: 'MissingParameter', parameter: 'AvailabilityZone' })
  return {
    zone,
    sizeGiB: input.Size ?? null,
    snapshotId: input.SnapshotId ? parseId('snapshot', input.SnapshotId) : null,
    type: input.VolumeType ?? null,
    iops: input.Iops ?? null,
    throughputMiBps: input.Throughput ?? null,
    isMultiAttach: input.MultiAttachEnabled ?? false,
    encryption: encryptionOf(input),
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'volume'),
  }
}

function refuseAbsentFeatures(input: Readonly<CreateVolumeRequest>): void {
  const absent: [unknown, string][] = [
    [input.OutpostArn, 'OutpostArn'],
    [input.VolumeInitializationRate, 'VolumeInitializationRate'],
    [input.Operator, 'Operator'],
  ]
  const found = absent.find(([value]) => Boolean(value))
  if (found) throw new FaultError({ type: 'Unsupported', feature: `CreateVolume with ${found[1]}` })
}
