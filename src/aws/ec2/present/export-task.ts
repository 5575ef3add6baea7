/** Export tasks as EC2 shows them. */
import type { ExportImageTask, ExportTask as Ec2ExportTask } from '@aws-sdk/client-ec2'
import { exportFileOf, type ExportTask } from '../../../domain/export-task.ts'
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

export function presentInstanceExport(task: ExportTask): Ec2ExportTask {
  const { instance, bucket } = task
  return {
    Description: task.description || undefined,
    ExportTaskId: task.id,
    ExportToS3Task: {
      ContainerFormat: instance?.isAppliance ? 'ova' : undefined,
      DiskImageFormat: task.format,
      S3Bucket: bucket,
      S3Key: exportFileOf(task).slice(bucket.length + 1),
    },
    InstanceExportDetails: {
      InstanceId: instance?.instanceId,
      TargetEnvironment: instance?.environment,
    },
    State: task.state === 'deleted' ? 'cancelled' : task.state,
    StatusMessage: task.statusMessage ?? undefined,
    Tags: tagList(task.tags),
  }
}
