/** Import tasks as EC2 shows them. */
import type {
  ImportImageTask,
  ImportSnapshotTask,
  SnapshotDetail,
  SnapshotTaskDetail,
} from '@aws-sdk/client-ec2'
import type { ImportDisk, ImportTask } from '../../../domain/import-task.ts'
import { tagList } from '../tags.ts'

/** `fraction` is of the disk that is being imported now. */
function progressOf({ state, disks }: ImportTask, fraction: number): string | undefined {
  if (state !== 'active') return undefined
  const done = disks.filter((one) => one.state === 'completed').length
  return String(Math.min(99, Math.floor(((done + fraction) / disks.length) * 100)))
}

function diskOf(disk: ImportDisk, task: ImportTask) {
  return {
    Description: disk.description || undefined,
    DiskImageSize: disk.sizeBytes ?? undefined,
    Format: disk.format?.toUpperCase(),
    Status: disk.state === 'completed' ? 'completed' : task.state,
    Url: disk.url ?? undefined,
    SnapshotId: disk.state === 'completed' ? disk.snapshotId : undefined,
  }
}

export function presentImportSnapshot(task: ImportTask, fraction: number): ImportSnapshotTask {
  const detail: SnapshotTaskDetail = {
    ...diskOf(task.disks[0]!, task),
    Description: task.description || undefined,
    Progress: progressOf(task, fraction),
    Status: task.state,
    StatusMessage: task.statusMessage ?? undefined,
  }
  return {
    Description: task.description || undefined,
    ImportTaskId: task.id,
    SnapshotTaskDetail: detail,
    Tags: tagList(task.tags),
  }
}

export function presentImportImage(task: ImportTask, fraction: number): ImportImageTask {
  return {
    Architecture: task.image?.architecture,
    BootMode: task.image?.bootMode ?? undefined,
    Description: task.description || undefined,
    ImageId: task.imageId ?? undefined,
    ImportTaskId: task.id,
    Platform: task.image?.platform === 'windows' ? 'Windows' : 'Linux',
    Progress: progressOf(task, fraction),
    SnapshotDetails: task.disks.map((disk): SnapshotDetail => {
      return { ...diskOf(disk, task), DeviceName: disk.deviceName }
    }),
    Status: task.state,
    StatusMessage: task.statusMessage ?? undefined,
    Tags: tagList(task.tags),
  }
}
