/** ExportImage: to a file below the host's folder of exports, where S3's bucket is a folder. */
import type { ExportImageRequest } from '@aws-sdk/client-ec2'
import { exportCheck, exportStart, type ExportRequest } from '../../../app/exports/tasks.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentExport } from '../present/export-task.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'ExportImage'>({
  check: (ctx, input) => exportCheck(ctx, requestOf(input)),
  handle: async (ctx, input) => {
    const task = await exportStart(ctx, requestOf(input))
    return { ...presentExport(task, 0), DiskImageFormat: task.format }
  },
})

function requestOf(input: Readonly<ExportImageRequest>): ExportRequest {
  const { S3Bucket: bucket, S3Prefix: prefix = '' } = input.S3ExportLocation!
  if (bucket === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'S3ExportLocation.S3Bucket' })
  }
  return {
    imageId: parseId('image', input.ImageId!),
    format: input.DiskImageFormat!,
    bucket,
    prefix,
    description: input.Description ?? '',
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'export-image-task'),
  }
}
