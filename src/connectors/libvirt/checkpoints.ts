/**
 * Checkpoints: libvirt's names for dirty bitmaps of all disks at one instant. One is kept for each vault that a machine
 * is backed up into. Whether one may be built upon is decided here, and always against it when in doubt.
 */
import { createHash } from 'node:crypto'
import type { Domain, DomainDisk } from './domain.ts'
import { domainParse } from './domain.ts'
import type { NbdServer } from './session-link.ts'
import { VirshError, type Virsh } from './virsh.ts'
import { all, element, first, xmlParse, xmlRender, type XmlNode } from './xml.ts'

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** All of one Brume for one vault begin so. */
export const checkpointPrefix = (programId: string, vaultId: string): string =>
  `brume-${programId}-${short(vaultId)}-`

export async function checkpointList(
  virsh: Virsh,
  uuid: string,
  signal: AbortSignal,
): Promise<string[]> {
  const text = await virsh.run(['checkpoint-list', '--domain', uuid, '--name'], { signal })
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/**
 * The disks whose changes since a checkpoint are known: those that it marks, and that are the same file in the same
 * form as then. @returns null with the reason when there is no such checkpoint.
 */
export async function checkpointDisks(
  virsh: Virsh,
  domain: Domain,
  name: string,
  signal: AbortSignal,
): Promise<Set<string>> {
  const args = ['checkpoint-dumpxml', '--domain', domain.uuid, '--checkpointname', name]
  const xml = xmlParse(await virsh.run(args, { signal }))
  const then = domainThen(xml)
  const marked = all(xml, 'disks', 'disk')
    .filter((disk) => disk.attributes['checkpoint'] === 'bitmap')
    .map((disk) => disk.attributes['name'])
  const isSame = (disk: DomainDisk): boolean =>
    then.some((one) => JSON.stringify(one) === JSON.stringify(disk))
  const known = domain.disks.filter((disk) => marked.includes(disk.target) && isSame(disk))
  return new Set(known.map((disk) => disk.target))
}

function domainThen(checkpoint: XmlNode): readonly DomainDisk[] {
  const domain = first(checkpoint, 'domain')
  return domain ? domainParse(xmlRender(domain)).disks : []
}

/** With its bitmaps; when these are broken already, at least its name. */
export async function checkpointDelete(virsh: Virsh, uuid: string, name: string): Promise<void> {
  const args = ['checkpoint-delete', '--domain', uuid, '--checkpointname', name]
  try {
    await virsh.run(args)
  } catch (error) {
    if (!(error instanceof VirshError) || error.kind !== 'failed') throw error
    await virsh.run([...args, '--metadata']).catch((again: unknown) => {
      // It is gone: that is what was wanted.
      if (!(again instanceof VirshError) || again.kind !== 'failed') throw again
    })
  }
}

export interface BackupPlan {
  server: NbdServer
  disks: readonly {
    disk: DomainDisk
    scratch: string
    /** The checkpoint that it is incremental since; null: all of it. */
    since: string | null
  }[]
  /** The new checkpoint; null: none can be made. */
  checkpoint: string | null
}

/** Only such disks can keep a bitmap within themselves. */
export const canMark = (disk: DomainDisk): boolean => disk.format === 'qcow2'

export function backupXml(plan: BackupPlan): string {
  const disks = plan.disks.map(({ disk, scratch, since }) => {
    const mode: Record<string, string> =
      since === null
        ? { backupmode: 'full' }
        : { backupmode: 'incremental', incremental: since, exportbitmap: bitmapName(disk) }
    const attributes = { name: disk.target, backup: 'yes', type: 'file', ...mode }
    return element('disk', attributes, element('scratch', { file: scratch }))
  })
  const server = element('server', serverOf(plan.server))
  return xmlRender(
    element('domainbackup', { mode: 'pull' }, server, element('disks', {}, ...disks)),
  )
}

const serverOf = (server: NbdServer): Record<string, string> =>
  server.type === 'unix'
    ? { transport: 'unix', socket: server.socket }
    : { transport: 'tcp', tls: 'yes', name: server.address, port: String(server.port) }

/** As the NBD server shows it. */
export const bitmapName = (disk: DomainDisk): string => `backup-${disk.target}`

export function checkpointXml(plan: BackupPlan): string {
  const disks = plan.disks.map(({ disk }) =>
    element('disk', { name: disk.target, checkpoint: canMark(disk) ? 'bitmap' : 'no' }),
  )
  return xmlRender(
    element(
      'domaincheckpoint',
      {},
      element('name', {}, plan.checkpoint ?? ''),
      element('disks', {}, ...disks),
    ),
  )
}
