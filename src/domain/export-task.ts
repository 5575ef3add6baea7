/** Exports under way: an image, or a stopped instance, on its way to a file for another hypervisor. */
import type { ImageId, InstanceId, SnapshotId } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export type ExportFormat = 'VMDK' | 'RAW' | 'VHD'

export interface ExportTask extends ResourceBase<string> {
  description: string
  imageId: ImageId
  format: ExportFormat
  /** `deleted` is an image's, `cancelled` an instance's. */
  state: 'active' | 'completed' | 'deleted' | 'cancelled'
  statusMessage: string | null
  /** In the words of S3: folder and beginning of the name below the host's folder of exports. */
  bucket: string
  prefix: string
  /** Of CreateInstanceExportTask: what is exported is a snapshot of its root volume that was taken for it. */
  instance?: {
    instanceId: InstanceId
    snapshotId: SnapshotId
    environment: 'citrix' | 'vmware' | 'microsoft'
    isAppliance: boolean
    vcpus: number
    memoryMiB: number
  } | null
}

const ENDINGS: Record<ExportFormat, string> = { VMDK: 'vmdk', RAW: 'raw', VHD: 'vhd' }

/** Below the host's folder of exports. */
export function exportFileOf({ bucket, prefix, id, format, instance }: ExportTask): string {
  return `${bucket}/${prefix}${id}.${instance?.isAppliance ? 'ova' : ENDINGS[format]}`
}
