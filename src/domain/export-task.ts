/** ExportImage under way: an image on its way to a file for another hypervisor. */
import type { ImageId } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export type ExportFormat = 'VMDK' | 'RAW' | 'VHD'

export interface ExportTask extends ResourceBase<string> {
  description: string
  imageId: ImageId
  format: ExportFormat
  state: 'active' | 'completed' | 'deleted'
  statusMessage: string | null
  /** In the words of S3: folder and beginning of the name below the host's folder of exports. */
  bucket: string
  prefix: string
}

const ENDINGS: Record<ExportFormat, string> = { VMDK: 'vmdk', RAW: 'raw', VHD: 'vhd' }

/** Below the host's folder of exports. */
export function exportFileOf({ bucket, prefix, id, format }: ExportTask): string {
  return `${bucket}/${prefix}${id}.${ENDINGS[format]}`
}
