/**
 * What only the host can do and AWS has no words for: describe the host, build images, shut down. Requests go to the
 * same port as AWS's, signed like theirs (SigV4, service `brume`), by the same keys.
 */
import type { HypervisorWords } from '../domain/hypervisor-words.ts'
import { formatBytes } from './ui/format.ts'
import type { HostDescription } from '../domain/machine.ts'
import type { ReachAnswer, ReachWords } from '../domain/reach.ts'
import type { HostAllocation } from '../domain/allocation.ts'
import type { Ask } from '../domain/recommend/read-ask.ts'
import type { Recommended } from '../domain/recommend/recommend.ts'
import { CliError } from './errors.ts'
import type { Cloud } from './home.ts'
import { signedFetch } from './signed.ts'

export interface HostReport extends HostDescription {
  /** What its hypervisor is and what that means. */
  words: HypervisorWords
  daemon: { version: string; uptimeSeconds: number; rssBytes: number }
}

export interface ImageEntry {
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

/** A frozen machine that new ones start as copies of. */
export interface TemplateEntry {
  key: string
  imageId: string
  imageName: string
  state: 'building' | 'ready' | 'failed'
  reason: string | null
  folder: string | null
  sizeBytes: number
  /** Machines that were made of it ahead of their launch. */
  standbys?: { count: number; memoryBytes: number } | null
}

/** What stands by of some templates, for a reader; null: nothing. */
export function standbyWords(templates: readonly TemplateEntry[]): string | null {
  const all = templates.flatMap(({ standbys }) => standbys ?? [])
  const count = all.reduce((sum, one) => sum + one.count, 0)
  const bytes = all.reduce((sum, one) => sum + one.memoryBytes, 0)
  return count === 0 ? null : `${count} standing by, ${formatBytes(bytes)}`
}

export type ImageOperation = { operation: 'build' | 'pull' | 'add'; name: string; path?: string }

export interface ImageProgress {
  step: string
  fraction: number | null
  detail: string
}

export interface HostApi {
  host(): Promise<HostReport>
  images(): Promise<ImageEntry[]>
  templates(): Promise<TemplateEntry[]>
  /** Resolves with the new image's id. @throws CliError with the host's words. */
  imageMake(operation: ImageOperation, onProgress: (p: ImageProgress) => void): Promise<string>
  /** Whether one can reach another, and why not. */
  explain(words: ReachWords): Promise<ReachAnswer>
  /** Which instance type suits a workload, by what the cloud knows of its hosts. */
  recommend(ask: Ask): Promise<Recommended>
  /** What hosts have promised, and what machines have of it. */
  allocation(): Promise<HostAllocation[]>
  /** With which `aws backup-gateway create-gateway` makes one. */
  gatewayKey(): Promise<{ key: string; expiresAt: number }>
  gatewaySshKey(): Promise<string>
  /** What the owner does with backups (src/api/backup.ts). */
  backup<T>(name: string, body: object): Promise<T>
  /** A file of a recovery point, as it comes. */
  backupFile(point: string, path: string): Promise<AsyncIterable<Uint8Array>>
  /** Stops all instances, then the daemon. */
  shutdown(): Promise<void>
}

const TIMEOUT_MS = 30_000
/** mmdebstrap of a whole system over a slow line, or a large official image. */
const IMAGE_TIMEOUT_MS = 3_600_000
/** A verification reads a whole vault. */
const BACKUP_TIMEOUT_MS = 24 * 3_600_000
const SHUTDOWN_TIMEOUT_MS = 180_000

/** Where it answers, and by which key: all that is needed of a cloud. */
type Reach = Pick<Cloud, 'port' | 'endpoint' | 'credentials'>

export function hostApi(cloud: Reach): HostApi {
  const get = async <T>(path: string): Promise<T> => {
    const response = await send(cloud, 'GET', path, undefined, TIMEOUT_MS)
    return (await response.json()) as T
  }
  return {
    host: () => get<HostReport>('/api/host'),
    images: () => get<ImageEntry[]>('/api/images'),
    templates: async () => (await get<{ templates: TemplateEntry[] }>('/api/templates')).templates,
    imageMake: async (operation, onProgress) => {
      const response = await send(cloud, 'POST', '/api/images', operation, IMAGE_TIMEOUT_MS)
      return imageIdOf(ndjsonLines(response.body), onProgress)
    },
    explain: async (words) => {
      const response = await send(cloud, 'POST', '/api/net/explain', words, TIMEOUT_MS)
      return (await response.json()) as ReachAnswer
    },
    allocation: async () => (await get<{ hosts: HostAllocation[] }>('/api/allocation')).hosts,
    recommend: async (ask) => {
      const response = await send(cloud, 'POST', '/api/recommend', ask, TIMEOUT_MS)
      return (await response.json()) as Recommended
    },
    gatewayKey: async () => {
      const response = await send(cloud, 'POST', '/api/gateway/key', {}, TIMEOUT_MS)
      return (await response.json()) as { key: string; expiresAt: number }
    },
    gatewaySshKey: async () => (await get<{ key: string }>('/api/gateway/ssh-key')).key,
    backup: async <T>(name: string, body: object): Promise<T> => {
      const words = { region: cloud.credentials.region, ...body }
      const path = `/api/backup/${name}`
      return (await (await send(cloud, 'POST', path, words, BACKUP_TIMEOUT_MS)).json()) as T
    },
    backupFile: async (point, path) => {
      const words = { region: cloud.credentials.region, point, path }
      const response = await send(cloud, 'POST', '/api/backup/get', words, BACKUP_TIMEOUT_MS)
      return response.body ?? new Blob([]).stream()
    },
    shutdown: async () => {
      await send(cloud, 'POST', '/api/shutdown', { instances: true }, SHUTDOWN_TIMEOUT_MS)
    },
  }
}

export async function send(
  cloud: Reach,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<Response> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const response = await signedFetch(cloud, {
    ...{ service: 'brume', method, path, body: text, timeoutMs },
    headers: text === undefined ? {} : { 'content-type': 'application/json' },
  })
  if (response.ok) return response
  const why = await words(response)
  // What was asked for cannot be: its own words say it. Anything else is between the two programs.
  if (response.status === 400) throw new CliError(why)
  throw new CliError(`The cloud answered ${response.status} to ${method} ${path}: ${why}`)
}

async function words(response: Response): Promise<string> {
  const text = (await response.text()).slice(0, 2000)
  try {
    const body = JSON.parse(text) as { message?: string; error?: string }
    return body.message ?? body.error ?? text
  } catch {
    return text || response.statusText
  }
}

/** The objects of an `application/x-ndjson` body, as they come. */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array> | null,
): AsyncGenerator<Record<string, unknown>> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as Record<string, unknown>
  }
  if (rest.trim()) yield JSON.parse(rest) as Record<string, unknown>
}

/** Follows the lines of an image operation to its end. */
export async function imageIdOf(
  lines: AsyncIterable<Record<string, unknown>>,
  onProgress: (progress: ImageProgress) => void,
): Promise<string> {
  for await (const line of lines) {
    if (typeof line['error'] === 'string') throw new CliError(line['error'])
    if (typeof line['imageId'] === 'string') return line['imageId']
    onProgress({
      step: typeof line['step'] === 'string' ? line['step'] : '',
      fraction: typeof line['fraction'] === 'number' ? line['fraction'] : null,
      detail: typeof line['detail'] === 'string' ? line['detail'] : '',
    })
  }
  throw new CliError('The cloud stopped answering before the image was finished.', {
    hints: ['See its log:  ./brume status  names the folder.'],
  })
}
