/** Export tasks as EC2 shows them. */
import type { ExportImageTask } from '@aws-sdk/client-ec2'
import type { ExportTask } from '../../../domain/export-task.ts'
import { tagList } from '../tags.ts'

export function presentExport(task: ExportTask, fraction: number): ExportImageTask {
  const isActive = task.state === 'active'
  return {
    Description: task.description || undefined,
    ExportImageTaskId: task.id,
    ImageId: task.imageId,
    Progress: isActive ? String(Math.min(99, Math.floor(fraction * 100))) : undefined,
    S3ExportLocation: { S3Bucket: task.bucket, S3Prefix: task.prefix },
    Status: task.state,
    StatusMessage: task.statusMessage ?? undefined,
    Tags: tagList(task.tags),
  }
}
