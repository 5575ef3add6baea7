/**
 * A backup of a running domain: all disks fixed at one instant by libvirt's own backup job in pull mode, read over NBD,
 * with a checkpoint made in the same instant for the next time. The order guarantees that a session that is killed at
 * any line costs at most a full read later: the checkpoint before is deleted only when the new point is in its vault.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../lib/time.ts'
import type { DiskReader } from '../../backup/vault.ts'
import type { BackupSession, SessionRequest } from '../connector.ts'
import {
  backupXml,
  bitmapName,
  canMark,
  checkpointDelete,
  checkpointDisks,
  checkpointList,
  checkpointPrefix,
  checkpointXml,
  type BackupPlan,
} from './checkpoints.ts'
import type { Domain } from './domain.ts'
import { jobEnd, staleEnd } from './jobs.ts'
import { readerOf } from './reader.ts'
import { VirshError, wordsOf, type Virsh } from './virsh.ts'
import type { NbdServer, SessionLink } from './session-link.ts'

/** Bringing a guest's files to rest may take long on a busy machine; then it is thawed in any case. */
const BEGIN_TIMEOUT_MS = 120_000
/** One is left by each session that was killed; a hypervisor that tells of more keeps nobody for ever. */
const DELETIONS_MAX = 100

export async function sessionOpen(
  link: SessionLink,
  domain: Domain,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<BackupSession> {
  const { virsh } = link
  const notes: string[] = [...domain.skipped.map((reason) => `left out: ${reason}`)]
  await staleEnd(link, domain.uuid, signal)
  const names = await checkpointList(virsh, domain.uuid, signal)
  const base = await baseOf(link, domain, request, names, notes, signal)
  // Not interrupted: a guest that was brought to rest must be let go, and a job that began must be known.
  const begun = await begin(link, domain, request, base, notes).catch(async (error: unknown) => {
    await staleEnd(link, domain.uuid, AbortSignal.timeout(BEGIN_TIMEOUT_MS)).catch(() => {})
    throw error
  })
  const { plan } = begun
  let tunnel: Awaited<ReturnType<SessionLink['reach']>> | undefined
  const readers: DiskReader[] = []
  let machine: Readonly<Record<string, unknown>>
  const end = async (): Promise<void> => {
    for (const reader of readers) await reader.close().catch(() => {})
    await tunnel?.close().catch(() => {})
    await jobEnd(virsh, domain.uuid)
    await link.remove(plan.disks.map(({ scratch }) => scratch))
  }
  const finish = once(async (isSuccess: boolean) => {
    await end()
    const { checkpoint } = plan
    const kept = isSuccess ? checkpoint : base && request.token
    const prefix = checkpointPrefix(link.programId, request.vaultId)
    const now = await checkpointList(virsh, domain.uuid, AbortSignal.timeout(BEGIN_TIMEOUT_MS))
    const old = now.filter((name) => name.startsWith(prefix) && name !== kept)
    for (const name of old.slice(0, DELETIONS_MAX)) {
      await checkpointDelete(virsh, domain.uuid, name)
    }
    return { token: isSuccess ? checkpoint : request.token }
  })
  try {
    signal.throwIfAborted()
    tunnel = await link.reach(plan.server, plan.disks[0]!.disk.target, signal)
    for (const { disk, since } of plan.disks) {
      const bitmap = since === null ? null : bitmapName(disk)
      readers.push(await readerOf(tunnel, disk.target, bitmap, signal))
    }
    machine = await describe(virsh, domain, signal)
  } catch (error) {
    await finish(false).catch(() => {})
    throw error
  }
  return {
    disks: plan.disks.map(({ disk }, index) => ({
      diskId: disk.target,
      label: 'path' in disk.source ? disk.source.path : disk.source.name,
      reader: readers[index]!,
    })),
    consistency: begun.isAtRest ? 'application' : 'crash',
    message: notes.length > 0 ? notes.join('; ') : null,
    machine,
    finish,
  }
}

interface Base {
  checkpoint: string
  disks: ReadonlySet<string>
}

/** What may be built upon; says in the notes why not. */
async function baseOf(
  link: SessionLink,
  domain: Domain,
  request: SessionRequest,
  names: readonly string[],
  notes: string[],
  signal: AbortSignal,
): Promise<Base | null> {
  const { token } = request
  if (token === null) return null
  if (!names.includes(token)) {
    notes.push('everything was read: the checkpoint of the last backup is gone')
    return null
  }
  const disks = await checkpointDisks(link.virsh, domain, token, signal)
  const unknown = domain.disks.filter((disk) => !disks.has(disk.target))
  if (unknown.length > 0) {
    const words = unknown.map((disk) => `${disk.target} (${disk.format})`).join(', ')
    notes.push(`read whole: what changed on ${words} is not known`)
  }
  return disks.size > 0 ? { checkpoint: token, disks } : null
}

interface Begun {
  plan: BackupPlan
  isAtRest: boolean
}

/** Incremental; if that cannot be, all of it; if no checkpoint can be made, without one. */
async function begin(
  link: SessionLink,
  domain: Domain,
  request: SessionRequest,
  base: Base | null,
  notes: string[],
): Promise<Begun> {
  const planOf = (since: Base | null, isMarked: boolean) =>
    planMake(link, domain, request, since, isMarked)
  const first = await planOf(base, true)
  const tried = await attempt(link, domain, request, first, notes)
  if (tried.begun) return tried.begun
  let reason = tried.reason
  if (base) {
    notes.push(`everything was read: ${reason}`)
    await checkpointDelete(link.virsh, domain.uuid, base.checkpoint)
    const full = await planOf(null, true)
    const again = await attempt(link, domain, request, full, notes)
    if (again.begun) return again.begun
    reason = again.reason
  }
  const plain = await planOf(null, false)
  const last = await attempt(link, domain, request, plain, notes)
  if (!last.begun) throw new Error(`the backup of ${domain.name} did not begin: ${last.reason}`)
  notes.push(`the next backup will read everything: no checkpoint could be made: ${reason}`)
  return last.begun
}

type Plan = Omit<BackupPlan, 'server'> & { servers: readonly NbdServer[] }

async function planMake(
  link: SessionLink,
  domain: Domain,
  request: SessionRequest,
  base: Base | null,
  isMarked: boolean,
): Promise<Plan> {
  const nonce = randomBytes(4).toString('hex')
  const name = `brume-${link.programId}-${nonce}`
  const canBe = isMarked && domain.disks.some(canMark)
  return {
    servers: await link.servers(join(socketFolder(domain), `${name}.sock`)),
    checkpoint: canBe
      ? `${checkpointPrefix(link.programId, request.vaultId)}${request.pointId}-${nonce}`
      : null,
    disks: domain.disks.map((disk) => ({
      disk,
      // Beside the disk, where there is room for what changes; a device has no room beside it.
      scratch: join(
        disk.source.type === 'file' ? dirname(disk.source.path) : '/var/tmp',
        `${name}-${disk.target}.scratch`,
      ),
      since: base?.disks.has(disk.target) ? base.checkpoint : null,
    })),
  }
}

/** libvirt's own folder for a domain that runs, which AppArmor lets its QEMU write to, if its name can be written. */
function socketFolder(domain: Domain): string {
  const folder = `/var/lib/libvirt/qemu/domain-${domain.runningId}-${domain.name.slice(0, 20)}`
  return /^[\w./+-]{1,64}$/.test(folder) ? folder : '/var/tmp'
}

type Attempt = { begun: Begun; reason: null } | { begun: null; reason: string }

/** Another program's backup of another machine may have a port that we chose. */
const TAKEN = /address already in use|failed to find an available port/i
const SERVERS_TRIED_MAX = 8

async function attempt(
  link: SessionLink,
  domain: Domain,
  request: SessionRequest,
  { servers, ...plan }: Plan,
  notes: string[],
): Promise<Attempt> {
  let outcome: Attempt = { begun: null, reason: 'there is nowhere to serve its disks' }
  for (const server of servers.slice(0, SERVERS_TRIED_MAX)) {
    outcome = await attemptAt(link, domain, request, { ...plan, server }, notes)
    if (outcome.begun || !TAKEN.test(outcome.reason)) return outcome
  }
  return outcome
}

async function attemptAt(
  link: SessionLink,
  domain: Domain,
  request: SessionRequest,
  plan: BackupPlan,
  notes: string[],
): Promise<Attempt> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-libvirt-'))
  const { uuid } = domain
  const doesRest = request.isQuiesced && domain.hasAgent
  try {
    const files = [join(folder, 'backup.xml'), join(folder, 'checkpoint.xml')]
    await writeFile(files[0]!, backupXml(plan), { mode: 0o600 })
    if (plan.checkpoint === null) files.pop()
    else await writeFile(files[1]!, checkpointXml(plan), { mode: 0o600 })
    const { stdout, stderr } = await link.virsh.batch(
      [
        ...(doesRest ? [['domfsfreeze', uuid]] : []),
        ['backup-begin', uuid, ...files],
        ...(doesRest ? [['domfsthaw', uuid]] : []),
      ],
      { timeoutMs: BEGIN_TIMEOUT_MS },
    )
    const isThawed = /Thawed \d/.test(stdout)
    if (doesRest && !isThawed) await thaw(link.virsh, uuid)
    if (!stdout.includes('Backup started')) return { begun: null, reason: wordsOf(stderr) }
    const wasAtRest = /Froze [1-9]/.test(stdout)
    const isAtRest = wasAtRest && /Thawed [1-9]/.test(stdout)
    if (doesRest && !isAtRest) notes.push(`the guest was not at rest: ${wordsOf(stderr)}`)
    if (request.isQuiesced && !domain.hasAgent)
      notes.push('the guest has no agent to bring it to rest')
    return { begun: { plan, isAtRest }, reason: null }
  } catch (error) {
    // Whatever became of the conversation, the guest goes on.
    if (doesRest) await thaw(link.virsh, uuid)
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const THAW_TRIES_MAX = 5
const THAW_PAUSE_MS = 1_000

/** An agent that does not run brought nobody to rest. */
const NO_AGENT = /agent is not (?:connected|configured|available)/i

/** Until it is heard: a guest that stays at rest writes nothing any more. One that never was says so, too. */
async function thaw(virsh: Virsh, uuid: string): Promise<void> {
  for (let tried = 1; tried <= THAW_TRIES_MAX; tried++) {
    try {
      await virsh.run(['domfsthaw', '--domain', uuid])
      return
    } catch (error) {
      if (error instanceof VirshError && NO_AGENT.test(error.message)) return
      if (tried < THAW_TRIES_MAX) await systemClock.wait(THAW_PAUSE_MS)
    }
  }
}

/** What a restore makes a machine of: as it would start, not as it runs. */
export async function describe(
  virsh: Virsh,
  domain: Domain,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const xml = await virsh.run(['dumpxml', '--inactive', '--domain', domain.uuid], { signal })
  return { connector: 'libvirt', name: domain.name, uuid: domain.uuid, xml }
}

export function once<A, T>(work: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  let result: Promise<T> | undefined
  return (argument) => (result ??= work(argument))
}
