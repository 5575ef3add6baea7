/** CreateReplaceRootVolumeTask under way: an instance on its way to another root volume. */
import type { ImageId, InstanceId, SnapshotId, VolumeId } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface RootTask extends ResourceBase<string> {
  instanceId: InstanceId
  /** `pending`: the new volume is made; `in-progress`: the instance begins anew with it. */
  state: 'pending' | 'in-progress' | 'succeeded' | 'failed'
  snapshotId: SnapshotId | null
  imageId: ImageId | null
  oldVolumeId: VolumeId
  newVolumeId: VolumeId
  /** With what the new content boots; before and after. */
  bootFolder: { old: string | null; new: string | null }
  isOldDeleted: boolean
  /** Of the instance's intent that has the new volume. */
  serial: number | null
  startedAt: number
  completedAt: number | null
}

export function rootTaskIsOver({ state }: RootTask): boolean {
  return state === 'succeeded' || state === 'failed'
}
