/** Backup jobs of running domains: whose one is, how one is ended, and what sessions that were killed left behind. */
import { basename, dirname } from 'node:path'
import { systemClock } from '../../lib/time.ts'
import { domainParse } from './domain.ts'
import { allDomains } from './domains.ts'
import type { SessionLink } from './session-link.ts'
import { VirshError, type Virsh } from './virsh.ts'
import { all, first, xmlParse } from './xml.ts'

interface Job {
  socket: string
  scratches: string[]
}

/** Over TLS there is no socket; the files beside the disks have our name in any case. */
const isOurs = (job: Job, programId: string): boolean =>
  [job.socket, ...job.scratches].some((file) => file.includes(`/brume-${programId}-`))

/** Files that we had it make: whatever else it names was not ours to remove. */
const oursOf = ({ scratches }: Job, programId: string): string[] =>
  scratches.filter((file) => isScratchOf(file, programId))

const isScratchOf = (file: string, programId: string): boolean =>
  basename(file).startsWith(`brume-${programId}-`) && file.endsWith('.scratch')

/** Words of libvirt 9 for: no job, no such domain, one that is off. */
const NO_JOB = /no domain backup job|domain not found|failed to get domain|is not running/i

/** Null: none is under way. */
async function jobOf(virsh: Virsh, uuid: string, signal?: AbortSignal): Promise<Job | null> {
  try {
    const args = ['backup-dumpxml', '--domain', uuid]
    const xml = xmlParse(await virsh.run(args, signal ? { signal } : {}))
    const scratches = all(xml, 'disks', 'disk', 'scratch')
    return {
      socket: first(xml, 'server')?.attributes['socket'] ?? '',
      scratches: scratches.flatMap((one) => one.attributes['file'] ?? []),
    }
  } catch (error) {
    // Any other failure tells nothing of the job.
    if (error instanceof VirshError && NO_JOB.test(error.message)) return null
    throw error
  }
}

/** libvirt ends a job in its own time after it was told to, and tells of it only who listened before. */
const END_TIMEOUT_MS = 30_000
const LOOK_INTERVAL_MS = 100

/** Resolves when no job is under way. */
export async function jobEnd(virsh: Virsh, uuid: string): Promise<void> {
  const until = systemClock.now() + END_TIMEOUT_MS
  let isTold = false
  do {
    // Refused while the domain is busy with something else, and when there is nothing to end any more.
    isTold ||= await jobAbort(virsh, uuid)
    if ((await jobOf(virsh, uuid)) === null) return
    await systemClock.wait(LOOK_INTERVAL_MS)
  } while (systemClock.now() <= until)
  throw new Error('the backup job does not end')
}

async function jobAbort(virsh: Virsh, uuid: string): Promise<boolean> {
  try {
    await virsh.run(['domjobabort', '--domain', uuid])
    return true
  } catch (error) {
    if (!(error instanceof VirshError) || error.kind !== 'failed') throw error
    return false
  }
}

/** What an earlier session of ours left. @throws Error when the job is somebody else's. */
export async function staleEnd(
  link: SessionLink,
  uuid: string,
  signal: AbortSignal,
): Promise<boolean> {
  const job = await jobOf(link.virsh, uuid, signal)
  if (!job) return false
  if (!isOurs(job, link.programId)) {
    throw new Error('another program is backing this machine up at the moment')
  }
  await jobEnd(link.virsh, uuid)
  await link.remove(oursOf(job, link.programId))
  return true
}

/**
 * Of all running domains but those that are being backed up by this very process: ends the jobs, and on this host
 * removes what a QEMU that was killed left of its scratch files.
 */
export async function sweep(
  link: SessionLink,
  { isBusy, claim }: { isBusy(uuid: string): boolean; claim(uuid: string): () => void },
  signal: AbortSignal,
): Promise<string[]> {
  const uuids = await allDomains(link.virsh, signal)
  const ended: string[] = []
  for (const uuid of uuids) {
    if (isBusy(uuid)) continue
    // Whoever begins meanwhile waits: its job must not be taken for the old one.
    const release = claim(uuid)
    try {
      const job = await jobOf(link.virsh, uuid, signal)
      if (!job || !isOurs(job, link.programId)) continue
      await jobEnd(link.virsh, uuid)
      await link.remove(oursOf(job, link.programId))
      ended.push(uuid)
    } finally {
      release()
    }
  }
  const left = await scratchesOf(link, uuids, signal)
  // Known to be nobody's: whoever begins now makes files with other names.
  if (!uuids.some(isBusy)) await link.remove(left)
  return ended
}

/** Scratch files of ours beside the disks of these domains. */
async function scratchesOf(
  link: SessionLink,
  uuids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const folders = new Set<string>()
  for (const uuid of uuids) {
    const domain = await link.virsh
      .run(['dumpxml', uuid], { signal })
      .then(domainParse)
      .catch(() => null)
    for (const { source } of domain?.disks ?? []) {
      if (source.type === 'file') folders.add(dirname(source.path))
    }
  }
  const found = await Promise.all([...folders].map((folder) => link.list(folder)))
  return found.flat().filter((file) => isScratchOf(file, link.programId))
}
