/** CreateInstanceExportTask: to a file below the host's folder of exports, where S3's bucket is a folder. */
import type { CreateInstanceExportTaskRequest } from '@aws-sdk/client-ec2'
import {
  instanceExport,
  instanceExportCheck,
  type InstanceExportRequest,
} from '../../../app/exports/instance-tasks.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentInstanceExport } from '../present/export-task.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateInstanceExportTask'>({
  check: async (ctx, input) => void (await instanceExportCheck(ctx, requestOf(input))),
  handle: async (ctx, input) => ({
    ExportTask: presentInstanceExport(await instanceExport(ctx, requestOf(input))),
  }),
})

function requestOf(input: Readonly<CreateInstanceExportTaskRequest>): InstanceExportRequest {
  const { S3Bucket, S3Prefix = '', DiskImageFormat, ContainerFormat } = input.ExportToS3Task!
  if (S3Bucket === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'ExportToS3.S3Bucket' })
  }
  return {
    instanceId: parseId('instance', input.InstanceId!),
    environment: input.TargetEnvironment!,
    // What Hyper-V reads, and what the others do.
    format: DiskImageFormat ?? (input.TargetEnvironment === 'microsoft' ? 'VHD' : 'VMDK'),
    isAppliance: ContainerFormat === 'ova',
    bucket: S3Bucket,
    prefix: S3Prefix,
    description: input.Description ?? '',
    tags: tagsOfSpecifications(input.TagSpecifications, 'export-instance-task'),
  }
}
