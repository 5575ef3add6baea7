/** Backups of a real host, put together: its disks, its vaults, its machines. */
import { join } from 'node:path'
import type { VolumeBackend } from '../../blocks/backend.ts'
import type { InstanceId } from '../../domain/ids.ts'
import type { Log } from '../../lib/log.ts'
import type { Clock } from '../../lib/time.ts'
import type { BackupHost } from '../backup-protocol.ts'
import type { VolumeWork } from '../volume-work.ts'
import { createBackupHost } from './host.ts'
import type { HelperMachines } from './file-helper.ts'
import { createInstantRestore } from './instant.ts'
import { createLocalDisks } from './local-disks.ts'
import { vaultsIn, type OpenVault } from './open-vault.ts'
import type { ForeignMachines, WorkTools } from './work.ts'

export interface LocalBackupOptions {
  home: string
  volumes: VolumeBackend
  work: VolumeWork
  /** The machine that has a volume now, if one lives. */
  ownerOf(volumeId: string): Promise<InstanceId | null>
  openVault?: OpenVault | undefined
  foreign?: ForeignMachines | undefined
  firmwareOf?: WorkTools['firmwareOf'] | undefined
  /** For looking into points; absent: it cannot be done. */
  helpers?: HelperMachines | undefined
  log: Log
  clock: Clock
}

export function createLocalBackup(options: LocalBackupOptions): BackupHost {
  const { home, volumes, work, ownerOf, clock } = options
  const log = options.log.child({ part: 'backup' })
  const socketsFolder = join(home, 'points')
  const instant = createInstantRestore({ volumes, work, ownerOf, socketsFolder, log, clock })
  return createBackupHost({
    openVault: options.openVault ?? vaultsIn(join(home, 'vaults')),
    disks: createLocalDisks({ volumes, work, instant }),
    exportsFolder: join(home, 'exports'),
    helpers: options.helpers ? { home, machines: options.helpers } : null,
    foreign: options.foreign ?? null,
    firmwareOf: options.firmwareOf,
    log,
    clock,
  })
}
