/** Containers of imports: where a disk comes from. */
import type { ImageDiskContainer, SnapshotDiskContainer } from '@aws-sdk/client-ec2'
import type { ImportDiskRequest } from '../../app/imports/tasks.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { isImportTaskId, type ImportTaskType } from '../../domain/import-task.ts'
import { parseId } from '../../domain/ids.ts'
import { deviceNameChecked } from './block-devices.ts'

const FORMATS: ReadonlySet<string> = new Set(['VMDK', 'RAW', 'VHD', 'VHDX', 'OVA', 'QCOW2'])
const URL_MAX = 2_048

/** @throws EC2's word for ids that are none of such tasks. */
export function importTaskIdsChecked(type: ImportTaskType, ids: readonly string[] = []) {
  for (const id of ids) {
    if (isImportTaskId(type, id)) continue
    const message = `The import task id '${id}' is malformed`
    throw new FaultError({ type: 'Service', code: 'InvalidConversionTaskId.Malformed', message })
  }
  return ids
}

/** As S3's URLs; a bucket is a folder of the host, as for exports. */
const S3_URL = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

/** @throws Faults for what is missing or malformed. */
export function importDiskOf(
  container: SnapshotDiskContainer & ImageDiskContainer,
  deviceName: string,
): ImportDiskRequest {
  const { UserBucket, Url, Format: format, SnapshotId } = container
  const url = UserBucket ? `s3://${UserBucket.S3Bucket ?? ''}/${UserBucket.S3Key ?? ''}` : Url
  if (url?.startsWith('s3://') && !S3_URL.test(url)) {
    throw invalidValue('Url', url, 's3://bucket/key: letters, digits, ._- and / between them')
  }
  if (url === undefined && SnapshotId === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'DiskContainer.Url' })
  }
  if (url !== undefined && url.length > URL_MAX) {
    throw invalidValue('Url', `${url.slice(0, 40)}…`, `at most ${URL_MAX} characters`)
  }
  // The file itself says what it is; a wrong word is corrected, an unknown one refused.
  if (format !== undefined && !FORMATS.has(format.toUpperCase())) {
    throw invalidValue('Format', format, `one of ${[...FORMATS].join(', ')}`)
  }
  return {
    url: url ?? null,
    snapshotId: SnapshotId === undefined ? null : parseId('snapshot', SnapshotId),
    deviceName: deviceNameChecked(container.DeviceName ?? deviceName, 'DiskContainer.DeviceName'),
    description: container.Description ?? '',
  }
}
