/** Whether launches of the image start from a template, as the host API tells (GET /api/templates). */
import { EnableFastLaunchCommand } from '@aws-sdk/client-ec2'
import { awsCode } from '../../src/cli/client.ts'
import { messageOf } from '../../src/cli/errors.ts'
import { send } from '../../src/cli/host-api.ts'
import { during } from '../../src/cli/ui/progress.ts'
import type { BenchCloud } from './cloud.ts'

export interface Template {
  key: string
  imageId: string
  imageName: string
  state: 'building' | 'ready' | 'failed'
  folder: string
  sizeBytes: number
  standbys?: { count: number; memoryBytes: number } | null
}

/** A template is a cold boot, a wait until the guest is at rest, and a snapshot: for Debian in emulation, minutes. */
const BUILD_TIMEOUT_MS = 900_000
/** A host makes one when nobody has launched for some seconds and it is not busy. */
const STANDBY_TIMEOUT_MS = 120_000
const LOOK_EVERY_MS = 250
const REQUEST_TIMEOUT_MS = 30_000

/**
 * The image's template once it is ready, asking for one when there is none; or, in plain words, why there is none.
 */
export async function templateOf(bench: BenchCloud): Promise<Template | string> {
  const first = await templatesOf(bench)
  if (typeof first === 'string') return first
  if (!first.some(({ imageId }) => imageId === bench.imageId)) {
    try {
      await bench.ec2.send(new EnableFastLaunchCommand({ ImageId: bench.imageId }))
    } catch (error) {
      if (awsCode(error) === undefined) throw error
      return `this cloud makes no templates (${messageOf(error)})`
    }
  }
  return during('Waiting for the template', () => untilReady(bench))
}

/** After launches from the template: whether a machine stands by within a while. */
export async function standbyReady(bench: BenchCloud): Promise<boolean> {
  const until = performance.now() + STANDBY_TIMEOUT_MS
  for (;;) {
    const all = await templatesOf(bench)
    if (typeof all === 'string' || performance.now() > until) return false
    if (all.some(({ imageId, standbys }) => imageId === bench.imageId && standbys)) return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function untilReady(bench: BenchCloud): Promise<Template | string> {
  const until = performance.now() + BUILD_TIMEOUT_MS
  for (;;) {
    const all = await templatesOf(bench)
    if (typeof all === 'string') return all
    const mine = all.filter(({ imageId }) => imageId === bench.imageId)
    const ready = mine.find(({ state }) => state === 'ready')
    if (ready) return ready
    if (mine.length > 0 && mine.every(({ state }) => state === 'failed')) {
      return 'the template could not be built (the log of the daemon says why)'
    }
    if (performance.now() > until) return `no template within ${BUILD_TIMEOUT_MS / 1000} s`
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function templatesOf({ cloud }: BenchCloud): Promise<Template[] | string> {
  try {
    const response = await send(cloud, 'GET', '/api/templates', undefined, REQUEST_TIMEOUT_MS)
    const { templates } = (await response.json()) as { templates: Template[] }
    return templates
  } catch (error) {
    return `this cloud knows no templates (${messageOf(error).slice(0, 80)})`
  }
}
