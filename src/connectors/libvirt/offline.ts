/**
 * A backup of a domain that does not run: its disks hold still by themselves, and QEMU's own server reads them, with
 * the marks that its last run left in them. While they are read, the machine cannot be started. The checkpoint stays
 * the one before: it marks everything since, so that the next backup reads a little more and never less.
 */
import { nbdConfined, ownerOf } from '../../lib/nbd/confined-server.ts'
import type { DiskReader } from '../../backup/vault.ts'
import type { BackupSession, SessionRequest } from '../connector.ts'
import { checkpointDisks, checkpointList } from './checkpoints.ts'
import type { Domain, DomainDisk } from './domain.ts'
import { readerOf } from './reader.ts'
import { describe, once } from './session.ts'
import type { SessionLink } from './session-link.ts'
import type { VirshError } from './virsh.ts'

const LIFE_MS_MAX = 7 * 24 * 3_600_000

export async function offlineOpen(
  link: SessionLink & { isLocal: boolean },
  domain: Domain,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<BackupSession> {
  if (!link.isLocal) {
    throw new Error(
      `${domain.name} is shut off, and disks of another host are read only while their machine runs`,
    )
  }
  const notes: string[] = [...domain.skipped.map((reason) => `left out: ${reason}`)]
  const known = await knownDisks(link, domain, request, notes, signal)
  const opened: OpenDisk[] = []
  const close = async (): Promise<void> => {
    for (const one of opened) await one.close()
  }
  try {
    for (const disk of domain.disks) {
      const token = known.has(disk.target) ? request.token : null
      opened.push(await diskOpen(disk, token, notes, signal))
    }
    return {
      disks: opened.map(({ disk, reader }) => ({
        diskId: disk.target,
        label: 'path' in disk.source ? disk.source.path : disk.source.name,
        reader,
      })),
      consistency: (await wentDown(link, domain, signal)) ? 'application' : 'crash',
      message: notes.length > 0 ? notes.join('; ') : null,
      machine: await describe(link.virsh, domain, signal),
      finish: once(async () => {
        await close()
        return { token: request.token }
      }),
    }
  } catch (error) {
    // While they are read, nobody can start the machine.
    await close()
    throw error
  }
}

/** By itself, and so with everything written; not by a kill, a crash, or a way that nobody remembers. */
async function wentDown(link: SessionLink, domain: Domain, signal: AbortSignal): Promise<boolean> {
  const state = await link.virsh.run(['domstate', '--domain', domain.uuid, '--reason'], { signal })
  return state.includes('(shutdown)')
}

async function knownDisks(
  link: SessionLink,
  domain: Domain,
  { token }: SessionRequest,
  notes: string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (token === null) return new Set()
  const names = await checkpointList(link.virsh, domain.uuid, signal)
  if (names.includes(token)) return checkpointDisks(link.virsh, domain, token, signal)
  notes.push('everything was read: the checkpoint of the last backup is gone')
  return new Set()
}

interface OpenDisk {
  disk: DomainDisk
  reader: DiskReader
  close(): Promise<void>
}

/** With its marks; without, and with a note, when they are broken: a machine that was killed leaves them so. */
async function diskOpen(
  disk: DomainDisk,
  bitmap: string | null,
  notes: string[],
  signal: AbortSignal,
): Promise<OpenDisk> {
  if (disk.source.type === 'other') {
    throw new Error(`${disk.target} lies on a network: it is read only while its machine runs`)
  }
  try {
    return await served(disk, disk.source.path, bitmap, signal)
  } catch (error) {
    if (bitmap === null || signal.aborted) throw error
    notes.push(`${disk.target} was read whole: ${(error as Error | VirshError).message}`)
    return served(disk, disk.source.path, null, signal)
  }
}

async function served(
  disk: DomainDisk,
  path: string,
  bitmap: string | null,
  signal: AbortSignal,
): Promise<OpenDisk> {
  const server = await nbdConfined(
    [
      ...['--read-only', '--persistent', `--format=${disk.format}`],
      `--export-name=${disk.target}`,
      ...(bitmap === null ? [] : [`--bitmap=${bitmap}`]),
      ...['--', path],
    ],
    { user: await ownerOf(path), signal, lifeMs: LIFE_MS_MAX },
  )
  const place = { address: { path: server.socket }, tls: null }
  try {
    const reader = await readerOf(place, disk.target, bitmap, signal)
    return {
      disk,
      reader,
      close: async () => {
        await reader.close().catch(() => {})
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}
