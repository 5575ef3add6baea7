/**
 * Machines of other hypervisors, backed up and restored through their connectors. The one rule of it: what a connector
 * remembers belongs to the instant that was read. A point that is in its vault already (its daemon was killed before
 * that was written down) is not read again, and nothing is built upon it by marks: the next backup reads everything.
 */
import type { BackupSession, Connector } from '../../connectors/connector.ts'
import type { Vault, WorkOptions } from '../../backup/vault.ts'
import type { BackupResult, ForeignMachine } from '../../domain/backup.ts'
import type { HypervisorConnection } from '../../domain/hypervisor.ts'
import type { Log } from '../../lib/log.ts'
import { FinalError, type ForeignMachines } from './work.ts'

export type Connectors = Readonly<Record<HypervisorConnection['connector'], Connector>>

export function createForeignMachines(connectors: Connectors, log: Log): ForeignMachines {
  const connectorOf = (name: string): Connector => {
    if (!Object.hasOwn(connectors, name)) throw new FinalError(`there is no connector ${name}`)
    return connectors[name as keyof Connectors]
  }
  return {
    read: async (work, signal, read) => {
      const machine = work.foreign!
      const { machineId, token, isQuiesced } = machine
      const request = { machineId, token, isQuiesced, pointId: work.pointId }
      const session = await connectorOf(machine.connector).open(
        connectionOf(machine),
        { ...request, vaultId: work.vault.vaultId },
        signal,
      )
      try {
        await read(session)
      } catch (error) {
        await undone(session, log)
        throw error
      }
      return session.finish(true)
    },
    restore: (work, vault, options) =>
      restore(connectorOf(work.foreign.connector), work, vault, options),
  }
}

export function connectionOf({ connection }: ForeignMachine): HypervisorConnection {
  const { uri = '', username = null, password = null } = connection
  const { authority, certificate, key } = connection
  const certificates = authority && certificate && key ? { authority, certificate, key } : null
  return { connector: 'libvirt', uri, username, password, certificates }
}

async function undone(session: BackupSession, log: Log): Promise<void> {
  await session.finish(false).catch((err: unknown) => {
    log.warn({ err }, 'a session with a hypervisor did not end well')
  })
}

async function restore(
  connector: Connector,
  work: Parameters<ForeignMachines['restore']>[0],
  vault: Vault,
  { signal, onProgress }: WorkOptions,
): Promise<BackupResult> {
  const { pointId, options } = work
  const point = (await vault.points()).find((one) => one.pointId === pointId)
  const machine = point?.description['foreign']
  if (!point || typeof machine !== 'object' || machine === null) {
    throw new FinalError(`the recovery point ${pointId} is not of a machine of a hypervisor`)
  }
  const wanted = options['disks'] ? (JSON.parse(options['disks']) as string[]) : null
  const chosen = point.disks.filter(({ diskId }) => wanted?.includes(diskId) ?? true)
  const totalBytes = chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const disks: { diskId: string; label: string; disk: Awaited<ReturnType<Vault['openDisk']>> }[] =
    []
  try {
    for (const { diskId, label } of chosen) {
      disks.push({ diskId, label, disk: await vault.openDisk(pointId, diskId) })
    }
    const made = await connector.restore(
      connectionOf(work.foreign),
      {
        restoreId: options['restoreId']!,
        name: options['name']!,
        datastore: options['datastore'] ?? null,
        isStarted: options['isStarted'] === 'true',
        machine: machine as Record<string, unknown>,
        disks,
        onProgress: (doneBytes) => onProgress?.({ doneBytes, totalBytes }),
      },
      signal,
    )
    const { message, ...restored } = made
    return { sizeBytes: totalBytes, machine: restored, message }
  } finally {
    for (const { disk } of disks) await disk.close()
  }
}
