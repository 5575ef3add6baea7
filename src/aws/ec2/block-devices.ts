/** Block device mappings of launches and images, and the names that devices may have. */
import type { BlockDeviceMapping } from '@aws-sdk/client-ec2'
import type { BlockDeviceRequest } from '../../app/instances/run-request.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'
import { refuseFeatures } from './absent-features.ts'

/** Source: EC2 user guide, "Device names for volumes on Amazon EC2 instances". */
const DEVICE_NAME = /^\/dev\/(?:xvd[a-z]{1,2}|sd[a-z](?:\d{1,2})?)$/

/** @throws Fault `InvalidValue`. */
export function deviceNameChecked(name: string, parameter: string): string {
  if (DEVICE_NAME.test(name)) return name
  const reason = `${name} is not a valid EBS device name: name devices /dev/sd[a-z] or /dev/xvd[a-z]`
  throw invalidValue(parameter, name, reason)
}

export function blockDeviceOf(mapping: BlockDeviceMapping): BlockDeviceRequest {
  const { Ebs: ebs } = mapping
  if (!mapping.DeviceName) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'BlockDeviceMapping.DeviceName' })
  }
  deviceNameChecked(mapping.DeviceName, 'BlockDeviceMapping.DeviceName')
  if (mapping.VirtualName) {
    throw new FaultError({ type: 'Unsupported', feature: 'instance store volumes' })
  }
  refuseFeatures('a block device', {
    'Ebs.OutpostArn': ebs?.OutpostArn,
    'Ebs.AvailabilityZone': ebs?.AvailabilityZone ?? ebs?.AvailabilityZoneId,
    'Ebs.EbsCardIndex': ebs?.EbsCardIndex,
    'Ebs.VolumeInitializationRate': ebs?.VolumeInitializationRate,
  })
  return {
    deviceName: mapping.DeviceName,
    isSuppressed: mapping.NoDevice !== undefined,
    snapshotId: ebs?.SnapshotId ? parseId('snapshot', ebs.SnapshotId) : null,
    sizeGiB: ebs?.VolumeSize ?? null,
    type: ebs?.VolumeType ?? null,
    iops: ebs?.Iops ?? null,
    throughputMiBps: ebs?.Throughput ?? null,
    deleteOnTermination: ebs?.DeleteOnTermination ?? null,
    isEncrypted: ebs?.Encrypted ?? null,
    kmsKeyId: ebs?.KmsKeyId ?? null,
  }
}
