/** One piece of work for backups, done once: which vaults it opens, what it reads and writes, what it answers. */
import { diskFill } from '../../backup/fill.ts'
import { DESCRIPTION_BYTES_MAX } from '../../backup/format.ts'
import type {
  BackupRequest,
  DiskReader,
  PointDisk,
  Vault,
  WorkOptions as Options,
} from '../../backup/vault.ts'
import type { BackupResult, BackupWork, PointOfVault } from '../../domain/backup.ts'
import type { InstanceId } from '../../domain/ids.ts'
import type { FirmwareState } from '../../domain/machine.ts'
import type { BackupDisks } from './disks.ts'
import type { FileRestore } from './restore-file.ts'
import type { Vaults } from './vaults.ts'

const GIB = 1024 ** 3

/** Repeating it is of no use. */
export class FinalError extends Error {
  override name = 'FinalError'
}

type WorkOf<T extends BackupWork['type']> = Extract<BackupWork, { type: T }>

/** Machines of other hypervisors, all disks of one at one instant. */
export interface ForeignMachines {
  /** Reads it within a session, which ends with `read`; what it answers is the next backup's token. */
  read(
    work: WorkOf<'backup'>,
    signal: AbortSignal,
    read: (session: ForeignSession) => Promise<void>,
  ): Promise<{ token: string | null }>
  restore(
    work: WorkOf<'restore-foreign'>,
    vault: Vault,
    options: WorkOptions,
  ): Promise<BackupResult>
}

export interface ForeignSession {
  disks: readonly { diskId: string; label: string; reader: DiskReader }[]
  consistency: 'application' | 'crash'
  /** Why everything is read, what is left out; null: nothing to tell. */
  message: string | null
  /** By which the machine can be made again. */
  machine: Readonly<Record<string, unknown>>
}

/** `onUsable`: an instant restore has come so far that machines may have the volume. */
type WorkOptions = Options & { onUsable: () => void }

export interface WorkTools {
  vaults: Vaults
  disks: BackupDisks
  files: FileRestore
  foreign: ForeignMachines | null
  /** Null: the machine has neither variables nor a TPM, or is gone. */
  firmwareOf(instanceId: InstanceId): Promise<FirmwareState | null>
  now(): number
}

export async function workDo(
  tools: WorkTools,
  work: BackupWork,
  options: WorkOptions,
): Promise<BackupResult> {
  const { vaults } = tools
  switch (work.type) {
    case 'backup':
      return work.foreign ? backupForeign(tools, work, options) : backupOwn(tools, work, options)
    case 'copy':
      return vaults.use(work.from, (from) =>
        vaults.use(work.to, (to) => from.copyTo(to, work, options).then(withMessage)),
      )
    case 'restore-volume':
      return restoreVolume(tools, work, options)
    case 'restore-file':
      return withDisk(tools, work, (disk) => tools.files.write(work, disk, options))
    case 'restore-foreign':
      return vaults.use(work.vault, (vault) => foreignOf(tools).restore(work, vault, options))
    case 'firmware':
      return vaults.use(work.vault, async (vault) => ({
        firmware: await firmwareOfPoint(vault, work.pointId),
      }))
    case 'delete':
      await vaults.use(work.vault, (vault) => vault.delete(work.pointId))
      return {}
    case 'retain':
      return vaults.use(work.vault, (vault) => vault.retain(work.points, options))
    case 'verify':
      return vaults.use(work.vault, async (vault) => ({
        ...(await vault.verify(work, options)),
      }))
    case 'collect':
      return vaults.use(work.vault, async (vault) => ({ ...(await vault.collect(options)) }))
  }
}

function foreignOf({ foreign }: WorkTools): ForeignMachines {
  if (!foreign) throw new FinalError('this host has no connector to other hypervisors')
  return foreign
}

async function backupOwn(
  tools: WorkTools,
  work: WorkOf<'backup'>,
  options: WorkOptions,
): Promise<BackupResult> {
  const readers: DiskReader[] = []
  const reasons = new Set<string>()
  try {
    const disks: BackupRequest['disks'][number][] = []
    for (const { diskId, label, sizeBytes, source } of work.disks) {
      if (source.type !== 'layer') throw new FinalError(`${diskId} is not a disk of this host`)
      const opened = await tools.disks.open(source, sizeBytes, options.signal)
      readers.push(opened.reader)
      if (opened.fullReason) reasons.add(`${diskId}: ${opened.fullReason}`)
      disks.push({ diskId, label, reader: opened.reader })
    }
    const { described, note } = await withFirmware(tools, work)
    const result = await store(tools, described, { disks, reasons }, options)
    return { ...result, message: [result.message, note].filter(Boolean).join('; ') || null }
  } finally {
    for (const reader of readers) await reader.close()
  }
}

const FIRMWARE = 'firmware'

/**
 * Read a moment after the disks were fixed: what a TPM sealed for a guest it still unseals then. A machine whose TPM
 * cannot be read is backed up all the same.
 */
async function withFirmware(
  tools: WorkTools,
  work: WorkOf<'backup'>,
): Promise<{ described: WorkOf<'backup'>; note: string | null }> {
  if (!work.firmwareOf) return { described: work, note: null }
  const { instanceId, hasTpm } = work.firmwareOf
  let firmware: FirmwareState | null = null
  let reason = 'the machine is gone'
  try {
    firmware = await tools.firmwareOf(instanceId)
  } catch (error) {
    reason = (error as Error).message
  }
  const description = { ...work.description, ...(firmware && { [FIRMWARE]: firmware }) }
  if (Buffer.byteLength(JSON.stringify(description)) > DESCRIPTION_BYTES_MAX) {
    const note = "without its firmware's variables and the state of its TPM: they are too large"
    return { described: work, note }
  }
  const note = hasTpm && !firmware?.tpm ? `without the state of its TPM: ${reason}` : null
  return { described: { ...work, description }, note }
}

async function firmwareOfPoint(vault: Vault, pointId: string): Promise<FirmwareState | null> {
  const point = (await vault.points()).find((one) => one.pointId === pointId)
  if (!point) throw new FinalError(`the vault has no recovery point ${pointId}`)
  return (point.description[FIRMWARE] as FirmwareState | undefined) ?? null
}

/** What leaves the host of a manifest: a TPM's secrets stay behind. */
export function withoutFirmware(point: PointOfVault): PointOfVault {
  const { [FIRMWARE]: _secret, ...description } = point.description
  return { ...point, description }
}

async function backupForeign(
  tools: WorkTools,
  work: WorkOf<'backup'>,
  options: WorkOptions,
): Promise<BackupResult> {
  // Read again, its marks would be of another instant than what the vault has.
  const known = await tools.vaults.use(work.vault, async (vault) =>
    (await vault.points()).find(({ pointId }) => pointId === work.pointId),
  )
  if (known) {
    const repeated = await store(tools, work, { disks: [], reasons: new Set() }, options)
    const isCalm = known.description['consistency'] === 'application'
    const consistency = isCalm ? 'application' : 'crash'
    return { ...repeated, token: null, consistency, disks: known.disks }
  }
  let result: BackupResult = {}
  const { token } = await foreignOf(tools).read(work, options.signal, async (session) => {
    const { disks, machine, message, consistency } = session
    const description = { ...work.description, foreign: machine, consistency }
    const described = { ...work, description }
    result = await store(tools, described, { disks, reasons: new Set() }, options)
    const messages = [result.message, message].filter((one) => typeof one === 'string')
    result = { ...result, consistency, message: messages.join('; ') || null }
  })
  return { ...result, token }
}

async function store(
  { vaults, now }: WorkTools,
  work: WorkOf<'backup'>,
  { disks, reasons }: { disks: BackupRequest['disks']; reasons: Set<string> },
  options: WorkOptions,
): Promise<BackupResult> {
  const { pointId, basePointId, description } = work
  const { retainUntil = null } = work
  const request = { pointId, basePointId, createdAt: now(), description, disks, retainUntil }
  const outcome = await vaults.use(work.vault, (vault) => vault.backup(request, options))
  if (outcome.fullReason) reasons.add(outcome.fullReason)
  const messages = [
    reasons.size > 0 && `everything was read: ${[...reasons].join('; ')}`,
    outcome.notRetained && `not kept from being removed: ${outcome.notRetained}`,
  ]
  return {
    ...outcome,
    message: messages.filter(Boolean).join('; ') || null,
    disks: disks.map(({ diskId, label, reader }) => {
      return { diskId, label, sizeBytes: reader.sizeBytes }
    }),
  }
}

function withMessage(outcome: { fullReason: string | null }): BackupResult {
  return { ...outcome, message: outcome.fullReason }
}

async function restoreVolume(
  tools: WorkTools,
  work: WorkOf<'restore-volume'>,
  options: WorkOptions,
): Promise<BackupResult> {
  const { instant } = tools.disks
  return withDisk(tools, work, async (disk) => {
    if (work.isInstant && instant) {
      sizeCheck(work, disk, work.sizeGiB * GIB)
      return instant.restore(work, disk, options)
    }
    return tools.disks.write(work, options.signal, async (writer, sizeBytes) => {
      sizeCheck(work, disk, sizeBytes)
      const readBytes = await diskFill(disk, writer, options)
      return { sizeBytes: disk.sizeBytes, readBytes }
    })
  })
}

function sizeCheck({ diskId }: { diskId: string }, disk: PointDisk, sizeBytes: number): void {
  if (disk.sizeBytes <= sizeBytes) return
  throw new FinalError(`${diskId} has ${disk.sizeBytes} bytes, the volume ${sizeBytes}`)
}

function withDisk<T>(
  { vaults }: WorkTools,
  { vault, pointId, diskId }: WorkOf<'restore-volume'> | WorkOf<'restore-file'>,
  work: (disk: Awaited<ReturnType<Vault['openDisk']>>) => Promise<T>,
): Promise<T> {
  return vaults.use(vault, async (opened) => {
    const disk = await opened.openDisk(pointId, diskId)
    try {
      return await work(disk)
    } finally {
      await disk.close()
    }
  })
}
