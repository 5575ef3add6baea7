/** What `bench backup` does with each of the tools it compares, all of them encrypting, each as its users call it. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Range } from '../../src/backup/vault.ts'
import { exec } from '../../src/lib/exec.ts'
import type { BenchDisk } from './backup-data.ts'
import type { EngineCall } from './backup-engine.ts'
import { timed, type Timed } from './timed.ts'

export const ACTIONS = ['full', 'clustered', 'scattered', 'verify', 'restore'] as const
export type Action = (typeof ACTIONS)[number]

export interface ToolCall {
  place: string
  disk: BenchDisk
  changed: Range[]
  pointId?: string
  basePointId?: string
}

export interface Tool {
  name: string
  /** Within its place: what is stored. */
  repository: string
  version(): Promise<string>
  prepare(place: string): Promise<void>
  run(action: Action | 'collect', call: ToolCall): Promise<Timed>
}

const ENGINE = join(import.meta.dirname, 'backup-engine.ts')
const POINTS = { full: 'p0', clustered: 'p1', scattered: 'p2', verify: 'p2', restore: 'p2' }
const BASES = { full: null, clustered: 'p0', scattered: 'p1', verify: null, restore: null }

export const brume: Tool = {
  name: 'brume',
  repository: 'vault',
  version: () => Promise.resolve('this checkout'),
  prepare: () => Promise.resolve(),
  run: async (action, { place, disk, changed, ...points }) => {
    const isBackup = action === 'clustered' || action === 'scattered'
    const ids =
      action === 'collect'
        ? { point: 'p0', base: null }
        : { point: POINTS[action], base: BASES[action] }
    const target = join(place, 'restored')
    const call: EngineCall = {
      action: isBackup ? 'incremental' : action,
      folder: place,
      image: disk.image,
      allocated: disk.allocated,
      changed,
      pointId: points.pointId ?? ids.point,
      basePointId: points.basePointId ?? ids.base,
      target,
    }
    // As every other call of an installed program finds it: compiled.
    const env = { NODE_COMPILE_CACHE: join(place, 'compiled') }
    const result = await timed([process.execPath, ENGINE, JSON.stringify(call)], { env })
    if (action === 'restore') await sameAndGone(target, disk.image)
    return result
  },
}

export const restic: Tool = {
  name: 'restic',
  repository: 'repository',
  version: async () => (await exec('restic', ['version'])).stdout.split(' ').slice(0, 2).join(' '),
  prepare: async (place) => {
    await exec('restic', ['init', '-q'], { env: resticEnv(place) })
  },
  run: async (action, { place, disk }) => {
    const env = resticEnv(place)
    if (action === 'verify') return timed(['restic', 'check', '-q', '--read-data'], { env })
    if (action !== 'restore') return timed(['restic', 'backup', '-q', disk.image], { env })
    const target = join(place, 'restored')
    const result = await timed(['restic', 'restore', '-q', 'latest', '--target', target], { env })
    await sameAndGone(join(target, disk.image), disk.image)
    return result
  },
}

function resticEnv(place: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: join(place, 'repository'),
    RESTIC_CACHE_DIR: join(place, 'cache'),
  }
}

export const borg: Tool = {
  name: 'borg',
  repository: 'repository',
  version: async () => (await exec('borg', ['--version'])).stdout.trim(),
  prepare: async (place) => {
    const words = ['init', '-e', 'repokey-blake2', join(place, 'repository')]
    await exec('borg', words, { env: borgEnv(place) })
  },
  run: async (action, { place, disk }) => {
    const env = borgEnv(place)
    const repository = join(place, 'repository')
    if (action === 'verify') return timed(['borg', 'check', '--verify-data', repository], { env })
    if (action !== 'restore') {
      return timed(['borg', 'create', '-C', 'zstd,1', `${repository}::${action}`, disk.image], {
        env,
      })
    }
    const target = join(place, 'restored')
    await mkdir(target)
    const words = ['borg', 'extract', '--sparse', `${repository}::scattered`]
    const result = await timed(words, { env, cwd: target })
    await sameAndGone(join(target, disk.image), disk.image)
    return result
  },
}

function borgEnv(place: string): NodeJS.ProcessEnv {
  return { ...process.env, BORG_PASSPHRASE: 'bench', BORG_BASE_DIR: join(place, 'base') }
}

/** What was restored is what was backed up; a tool that restores something else is not measured. */
async function sameAndGone(restored: string, image: string): Promise<void> {
  await exec('cmp', [restored, image], { timeoutMs: 1_800_000 })
  await rm(restored)
}
