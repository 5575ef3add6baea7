/** The host's own API: what it is, and its images. Only the account that owns the host may ask. */
import type { HostAllocation } from '../../../src/domain/allocation.ts'
import type { HypervisorWords } from '../../../src/domain/hypervisor-words.ts'
import type { HostDescription } from '../../../src/domain/machine.ts'
import type { MachineUsage } from '../../../src/domain/metrics/usage.ts'
import { apiGet, apiPost, linesOf, signedFetch } from './http.ts'

/** With what its hypervisor is, in the words of `doctor` and `./brume host`. */
export type ToldHost = HostDescription & { words: HypervisorWords }

export interface HostReport extends ToldHost {
  hosts: ToldHost[]
  daemon: { version: string; uptimeSeconds: number; rssBytes: number }
}

export interface ImageListing {
  name: string
  kind: 'built' | 'official' | 'added'
  status: 'registered' | 'available' | 'building'
  imageId: string | null
  version: string | null
  sizeBytes: number | null
  description: string
  defaultUser: string
  fastLaunch: 'building' | 'ready' | 'failed' | null
}

export interface JobProgress {
  step: string
  fraction: number | null
  detail: string
}

export const hostsRead = (): Promise<HostReport> => apiGet<HostReport>('/api/host')

export const imagesRead = (): Promise<ImageListing[]> => apiGet<ImageListing[]>('/api/images')

export interface Finding {
  area: string
  level: 'good' | 'limited' | 'bad'
  text: string
  fix: string | null
}

export const doctorRead = async (): Promise<Finding[]> =>
  (await apiGet<{ findings: Finding[] }>('/api/doctor')).findings

export const allocationRead = async (): Promise<HostAllocation[]> =>
  (await apiGet<{ hosts: HostAllocation[] }>('/api/allocation')).hosts

/** Builds or pulls; resolves with the image's id. */
export async function imageMake(
  operation: 'build' | 'pull',
  name: string,
  onProgress: (progress: JobProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  const body = { operation, name }
  const response = await signedFetch('POST', '/api/images', { body, ...(signal ? { signal } : {}) })
  for await (const line of linesOf(response)) {
    if (typeof line['error'] === 'string') throw new Error(line['error'])
    if (typeof line['imageId'] === 'string') return line['imageId']
    onProgress(line as unknown as JobProgress)
  }
  throw new Error('The cloud stopped answering before the image was finished.')
}

export interface MachineReport {
  hostName: string
  hypervisor: string
  state: string
  detail: string | null
  diskErrors: Record<string, string>
  processId: number | null
  startedAt: number | null
  machineType: string | null
  cpuModel: string | null
  vcpus: number
  /** Null: this host measures nothing (it is simulated), or the machine does not run. */
  usage: MachineUsage | null
}

export const machineRead = (instanceId: string): Promise<MachineReport> =>
  apiGet<MachineReport>(`/api/console/machines/${instanceId}`)

/** Waits half a minute for an SSH server's first line; null: none answered yet. */
export async function sshAwait(instanceId: string, signal: AbortSignal): Promise<string | null> {
  const path = `/api/console/machines/${instanceId}/ssh`
  const response = await signedFetch('GET', path, { signal })
  return ((await response.json()) as { banner: string | null }).banner
}

export type StreamWish =
  | { type: 'serial' | 'screen'; instanceId: string }
  | { type: 'shell'; instanceId: string; user: string; privateKey?: string; passphrase?: string }

/** Buys a ticket and opens the socket with it. */
export async function streamAddress(wish: StreamWish): Promise<string> {
  const { ticket } = await apiPost<{ ticket: string }>('/api/console/streams', wish)
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}/api/console/streams/${ticket}`
}

export interface TemplateListing {
  key: string
  imageId: string
  imageName: string
  state: 'building' | 'ready' | 'failed'
  reason: string | null
  sizeBytes: number
}

export const templatesRead = async (): Promise<TemplateListing[]> =>
  (await apiGet<{ templates: TemplateListing[] }>('/api/templates')).templates

export interface FileEntry {
  name: string
  kind: 'folder' | 'file' | 'link' | 'other'
  sizeBytes: number
  modifiedAt: number
}

/** What lies in a folder of a recovery point; `/` has its disks. */
export async function filesRead(point: string, path: string): Promise<FileEntry[]> {
  const answer = await apiPost<{ entries: FileEntry[] }>('/api/console/backup/files', {
    point,
    path,
  })
  return answer.entries
}

/** The browser's own download, by an address that is good once. */
export async function fileDownload(point: string, path: string): Promise<void> {
  const body = { point, path }
  const { ticket } = await apiPost<{ ticket: string }>('/api/console/backup/file', body)
  const link = document.createElement('a')
  link.href = `/api/console/downloads/${ticket}`
  link.download = path.split('/').at(-1) ?? ''
  document.body.append(link)
  link.click()
  link.remove()
}

export const vaultUsage = (
  vault: string,
): Promise<{ storedBytes: number; unneededBytes: number }> =>
  apiPost('/api/console/backup/usage', { vault })
