/** What a measurement was made on; without it a figure says nothing. */
import { readFile } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'

export interface Conditions {
  at: string
  commit: string | null
  cpuModel: string
  cpuCount: number
  memoryMiB: number
  kernel: string
  node: string
  /** Null where no machine boots. */
  accelerator: string | null
  qemuVersion: string | null
  /** Processes that wanted a processor, before and after (load average of one minute). */
  load: [number, number]
}

export interface HypervisorFacts {
  accelerator: string
  qemuVersion: string
}

const loadNow = (): number => Number(loadavg()[0]!.toFixed(2))

/** Called at the beginning; what it returns is called at the end. */
export async function conditionsBegin(
  root: string,
): Promise<(hypervisor: HypervisorFacts | null) => Conditions> {
  const loadBefore = loadNow()
  const at = new Date().toISOString()
  const commit = await commitOf(root)
  return (hypervisor) => ({
    at,
    commit,
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.versions.node,
    accelerator: hypervisor?.accelerator ?? null,
    qemuVersion: hypervisor?.qemuVersion ?? null,
    load: [loadBefore, loadNow()],
  })
}

/** Read from git's own files: no git is needed to measure. */
async function commitOf(root: string): Promise<string | null> {
  const read = async (path: string): Promise<string | null> =>
    readFile(path, 'utf8').then(
      (text) => text.trim(),
      () => null,
    )
  const link = await read(`${root}/.git`)
  const folder = link?.startsWith('gitdir: ') ? link.slice('gitdir: '.length) : `${root}/.git`
  const head = await read(`${folder}/HEAD`)
  if (head === null) return null
  if (!head.startsWith('ref: ')) return head.slice(0, 12)
  const common = await read(`${folder}/commondir`)
  const base = common === null ? folder : `${folder}/${common}`
  return (await read(`${base}/${head.slice('ref: '.length)}`))?.slice(0, 12) ?? null
}
