/** Tasks that replace root volumes, as EC2 shows them. */
import type { ReplaceRootVolumeTask } from '@aws-sdk/client-ec2'
import type { RootTask } from '../../../domain/root-task.ts'
import { tagList } from '../tags.ts'

export function presentRootTask(task: RootTask): ReplaceRootVolumeTask {
  const time = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    ReplaceRootVolumeTaskId: task.id,
    InstanceId: task.instanceId,
    TaskState: task.state,
    StartTime: time(task.startedAt),
    CompleteTime: task.completedAt === null ? undefined : time(task.completedAt),
    ImageId: task.imageId ?? undefined,
    SnapshotId: task.snapshotId ?? undefined,
    DeleteReplacedRootVolume: task.isOldDeleted,
    Tags: tagList(task.tags),
  }
}
