/**
 * CPU and memory limits of a machine's process, by control groups version 2 or 1, whichever the host lets us write.
 * Where it does not, `cgroupAbilities` says so in words and machines run without: a limitation, never a failure.
 */
import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../lib/time.ts'
import { translationCacheMiB } from './translation-cache.ts'

const PERIOD_US = 100_000
/** What QEMU needs besides the guest's memory: heap, stacks, I/O buffers, the screen; measured 71 MiB. */
const OVERHEAD_MIB = 256
/** What QEMU keeps about translated code, of its size: measured 10 MiB about 46 (docs/decisions/0065). */
const ABOUT_CODE = 1 / 4
/**
 * What moves the guest's blocks and packets is QEMU's own threads, as it is a card's processor on Nitro: they have a
 * core beside the vCPUs'. Within the vCPUs' quota a guest that reads and writes much would stand still for it.
 */
const IO_CPU_PERCENT = 100
const REMOVE_POLL_MS = 10
const REMOVE_ATTEMPTS_MAX = 100

export type CgroupAbilities =
  | { version: 2; root: string; limitations: readonly string[] }
  | {
      version: 1
      cpuRoot: string | null
      memoryRoot: string | null
      limitations: readonly string[]
    }
  | { version: null; limitations: readonly string[] }

export interface CgroupLimits {
  /** Hundredths of a core. */
  cpuPercent: number
  /** Its share when the host is busy, against those of others: its vCPUs. */
  cpuWeight: number
  memoryBytes: number
}

export function limitsOfMachine(
  spec: { vcpus: number; memoryMiB: number; cpuQuotaPercent: number | null },
  tcgCacheMiB: number = translationCacheMiB(spec.memoryMiB),
): CgroupLimits {
  const codeMiB = Math.ceil(tcgCacheMiB * (1 + ABOUT_CODE))
  return {
    cpuPercent: spec.cpuQuotaPercent ?? spec.vcpus * 100 + IO_CPU_PERCENT,
    cpuWeight: spec.vcpus,
    memoryBytes: (spec.memoryMiB + codeMiB + OVERHEAD_MIB) * 1024 * 1024,
  }
}

/** Finds out by trying, because a mounted hierarchy may still be read-only. */
export async function cgroupAbilities(mount = '/sys/fs/cgroup'): Promise<CgroupAbilities> {
  const controllers = await readFile(join(mount, 'cgroup.controllers'), 'utf8').catch(() => null)
  if (controllers !== null && /\bcpu\b/.test(controllers) && /\bmemory\b/.test(controllers)) {
    const root = join(mount, 'brume')
    try {
      await mkdir(root, { recursive: true })
      await writeFile(join(mount, 'cgroup.subtree_control'), '+cpu +memory')
      await writeFile(join(root, 'cgroup.subtree_control'), '+cpu +memory')
      return { version: 2, root, limitations: [] }
    } catch (error) {
      const why = (error as Error).message
      return { version: null, limitations: [`CPU and memory of machines are not limited: ${why}`] }
    }
  }
  const cpuRoot = await writableRoot(join(mount, 'cpu'))
  const memoryRoot = await writableRoot(join(mount, 'memory'))
  const limitations = [
    ...(cpuRoot ? [] : ['CPU time of machines is not limited: no writable cpu control group']),
    ...(memoryRoot ? [] : ['Memory of machines is not limited: no writable memory control group']),
  ]
  return cpuRoot || memoryRoot
    ? { version: 1, cpuRoot, memoryRoot, limitations }
    : { version: null, limitations }
}

/** Puts the process under its limits. Call before the guest runs: what it used before is not counted. */
export async function cgroupApply(
  abilities: CgroupAbilities,
  name: string,
  pid: number,
  limits: CgroupLimits,
): Promise<void> {
  const quota = String(Math.max(1_000, Math.round((limits.cpuPercent * PERIOD_US) / 100)))
  if (abilities.version === 2) {
    const folder = join(abilities.root, name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'cpu.max'), `${quota} ${PERIOD_US}`)
    await writeFile(join(folder, 'cpu.weight'), String(weightOf(limits, 100, 10_000)))
    await writeFile(join(folder, 'memory.max'), String(limits.memoryBytes))
    await writeFile(join(folder, 'cgroup.procs'), String(pid))
    await weightSettle(abilities)
  } else if (abilities.version === 1) {
    if (abilities.cpuRoot) {
      const folder = join(abilities.cpuRoot, name)
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'cpu.cfs_period_us'), String(PERIOD_US))
      await writeFile(join(folder, 'cpu.cfs_quota_us'), quota)
      await writeFile(join(folder, 'cpu.shares'), String(weightOf(limits, 1024, 262_144)))
      await writeFile(join(folder, 'cgroup.procs'), String(pid))
      await weightSettle(abilities)
    }
    if (abilities.memoryRoot) {
      const folder = join(abilities.memoryRoot, name)
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'memory.limit_in_bytes'), String(limits.memoryBytes))
      await writeFile(join(folder, 'cgroup.procs'), String(pid))
    }
  }
}

/** One vCPU weighs as much as one ordinary process of the host. */
function weightOf({ cpuWeight }: CgroupLimits, one: number, most: number): number {
  return Math.min(most, Math.max(1, Math.round(cpuWeight * one)))
}

/**
 * What machines weigh together at most: so many ordinary processes for each processor of the host. Idle machines count
 * too, and without a bound two busy ones among a hundred would leave the daemon, which is such a process, next to
 * nothing: calls of the API took minutes. It keeps half a processor.
 */
const WEIGHT_OF_ALL_PER_CPU = 2

export function weightOfAll(weights: readonly number[], one: number, cpus: number): number {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  return Math.min(Math.max(one, sum), WEIGHT_OF_ALL_PER_CPU * cpus * one)
}

/**
 * The group of all machines weighs what they weigh together. With a weight of its own, all of them would share that of
 * one process: on a busy host a machine among ten would have a tenth of it.
 */
async function weightSettle(abilities: CgroupAbilities): Promise<void> {
  const at =
    abilities.version === 2
      ? { root: abilities.root, file: 'cpu.weight', one: 100, most: 10_000 }
      : abilities.version === 1 && abilities.cpuRoot
        ? { root: abilities.cpuRoot, file: 'cpu.shares', one: 1024, most: 262_144 }
        : null
  if (!at) return
  const entries = await readdir(at.root, { withFileTypes: true })
  const weights = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => weightHeld(join(at.root, name), at.file)),
  )
  const weight = Math.min(at.most, weightOfAll(weights, at.one, availableParallelism()))
  await writeFile(join(at.root, at.file), String(weight))
}

/** 0 without a process: a machine that is just going, or whose daemon was killed together with it. */
async function weightHeld(folder: string, file: string): Promise<number> {
  const processes = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
  if (processes.trim() === '') return 0
  return readFile(join(folder, file), 'utf8').then(Number, () => 0)
}

/** Changes what a living machine may have of the CPU. Nothing where its host has no such groups. */
export async function cgroupCpuSet(
  abilities: CgroupAbilities,
  name: string,
  cpuPercent: number,
): Promise<void> {
  const quota = String(Math.max(1_000, Math.round((cpuPercent * PERIOD_US) / 100)))
  if (abilities.version === 2) {
    await writeFile(join(abilities.root, name, 'cpu.max'), `${quota} ${PERIOD_US}`)
  } else if (abilities.version === 1 && abilities.cpuRoot) {
    await writeFile(join(abilities.cpuRoot, name, 'cpu.cfs_quota_us'), quota)
  }
}

/** Removes the group of a machine whose process is gone. One that is not there is no error. */
export async function cgroupRemove(
  abilities: CgroupAbilities,
  name: string,
  clock: Clock,
): Promise<void> {
  for (const root of rootsOf(abilities)) {
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS_MAX; attempt++) {
      const error = await rmdir(join(root, name)).then(
        () => null,
        (cause: NodeJS.ErrnoException) => cause,
      )
      // Busy until the last thread of the dead process has been reaped, which nothing announces.
      if (error?.code !== 'EBUSY') break
      await clock.wait(REMOVE_POLL_MS)
    }
  }
  await weightSettle(abilities)
}

function rootsOf(abilities: CgroupAbilities): string[] {
  if (abilities.version === 2) return [abilities.root]
  if (abilities.version === null) return []
  return [abilities.cpuRoot, abilities.memoryRoot].filter((root) => root !== null)
}

async function writableRoot(hierarchy: string): Promise<string | null> {
  const root = join(hierarchy, 'brume')
  try {
    await access(join(hierarchy, 'cgroup.procs'), constants.W_OK)
    await mkdir(root, { recursive: true })
    return root
  } catch {
    return null
  }
}
