/**
 * What a control plane and its hosts say to each other of backups: where a vault is, what is to be backed up into it,
 * what came of it. Recovery points lie in vaults, as chunks that the engine (src/backup) wrote; docs/backup-format.md.
 */
import type { InstanceId, VolumeId } from './ids.ts'
import type { LayerId } from './layer.ts'
import type { FirmwareState, VolumeKeys } from './machine.ts'

/** Where the chunks of a vault are, and the key that opens them. Whoever has both has the backups. */
export interface VaultPlace {
  /** Stable and unique: `<account>:<region>:<name>` would be reused by the next vault of the name, so it is an id. */
  vaultId: string
  location: VaultLocation
  /** 32 bytes, base64: the vault's own, kept wrapped by a key of KMS in the vault's record and beside its chunks. */
  key: string
}

export type VaultLocation =
  /** A folder of the host; relative ones lie in BRUME_HOME/vaults. */
  | { type: 'folder'; path: string }
  | {
      type: 's3'
      /** `https://…`; absent: AWS's own for the region. */
      endpoint: string | null
      region: string
      bucket: string
      /** Ends with `/`, or is empty. */
      prefix: string
      credentials: { accessKeyId: string; secretAccessKey: string }
    }

/** A disk of a recovery point, as its manifest describes it. */
export interface BackupDisk {
  /** Stable from one backup of the machine to the next: a volume's id, or a foreign hypervisor's name for it. */
  diskId: string
  label: string
  sizeBytes: number
}

/** What says which content a disk is read from. */
export type DiskSource =
  /** Frozen, so that it can be read again after a crash. `since`: only what layers above it hold has changed. */
  | { type: 'layer'; layerId: LayerId; keys: VolumeKeys | null; since: LayerId | null }
  /** A disk of a machine on a foreign hypervisor, within a session that the connector opens for the whole machine. */
  | { type: 'foreign' }

export interface ForeignMachine {
  /** Which connector, and what it needs: URI, user, password, … */
  connector: string
  connection: Readonly<Record<string, string>>
  /** The hypervisor's own lasting id of the machine. */
  machineId: string
  /** What the connector wants to know again next time (a checkpoint's name); null: the first time, or all anew. */
  token: string | null
  /** The guest is asked to bring its files to rest. */
  isQuiesced: boolean
}

/** Work for a host. Stated by id and repeatable: what has been done of it is not done again. */
export type BackupWork =
  | {
      type: 'backup'
      vault: VaultPlace
      pointId: string
      /** Of which the unchanged ranges are taken over; null, or not in the vault, or damaged: everything is read. */
      basePointId: string | null
      disks: readonly (BackupDisk & { source: DiskSource })[]
      foreign: ForeignMachine | null
      /** Whose firmware's variables and TPM go into the manifest, and nowhere else; absent: nobody's. */
      firmwareOf?: { instanceId: InstanceId; hasTpm: boolean }
      /** Kept in the manifest as it is, so that a vault alone can tell what it holds. At most 256 KiB of JSON. */
      description: Readonly<Record<string, unknown>>
      /** Bytes a second into the vault; null: none. */
      bandwidthMax: number | null
      /** Until then nobody can remove it, where the place of the vault can promise that; absent: no promise. */
      retainUntil?: number
    }
  | {
      type: 'copy'
      from: VaultPlace
      to: VaultPlace
      pointId: string
      newPointId: string
      /** As of a backup. */
      retainUntil?: number
    }
  /** Into a volume that is there, and that no machine has; zeros where the point has none. */
  | {
      type: 'restore-volume'
      vault: VaultPlace
      pointId: string
      diskId: string
      volumeId: VolumeId
      sizeGiB: number
      keys: VolumeKeys | null
      /**
       * A machine may have it as soon as `isUsable`: what is not copied yet is read from the vault. Work that is
       * done was copied. Hosts that cannot do that copy first.
       */
      isInstant?: boolean
    }
  /** Below BRUME_HOME/exports. */
  | {
      type: 'restore-file'
      vault: VaultPlace
      pointId: string
      diskId: string
      file: string
      format: 'qcow2' | 'raw' | 'vmdk'
    }
  | {
      type: 'restore-foreign'
      vault: VaultPlace
      pointId: string
      foreign: ForeignMachine
      options: Readonly<Record<string, string>>
    }
  /** Answers what a point has of its machine's firmware. */
  | { type: 'firmware'; vault: VaultPlace; pointId: string }
  | { type: 'delete'; vault: VaultPlace; pointId: string }
  /** Everything a point needs is read and checked; null: all points. */
  | { type: 'verify'; vault: VaultPlace; pointId: string | null }
  /** Points that are there already are retained, at least until then; those that are not are left out. */
  | { type: 'retain'; vault: VaultPlace; points: readonly { pointId: string; until: number }[] }
  /** Chunks that no point needs go, as soon as that is safe. */
  | { type: 'collect'; vault: VaultPlace }

export type BackupWorkOutcome =
  | { isDone: true; result: BackupResult }
  /** `isFinal`: repeating it is of no use. */
  | { isDone: false; reason: string; isFinal: boolean }

export interface BackupResult {
  /** Of a backup: what its content is, what was read for it, and what it added to the vault. Bytes. */
  sizeBytes?: number
  readBytes?: number
  addedBytes?: number
  /** Why everything was read though there was a point before; or what else its reader should know. */
  message?: string | null
  /** Of a foreign machine: the next backup's token. */
  token?: string | null
  consistency?: 'application' | 'crash'
  disks?: readonly BackupDisk[]
  /** Of `firmware`; null: the point has none. */
  firmware?: FirmwareState | null
  /** Of what was to be retained: why the place does not; null: it does. */
  notRetained?: string | null
  /** Of a verification: points with something damaged or missing, and what. */
  damaged?: readonly { pointId: string; reason: string }[]
  [more: string]: unknown
}

export interface BackupProgress {
  workId: string
  doneBytes: number
  /** Null: not known yet. */
  totalBytes: number | null
  /** Of an instant restore: machines may use the volume. */
  isUsable?: boolean
  outcome: BackupWorkOutcome | null
}

/** A point as the vault's own manifest tells it. */
export interface PointOfVault {
  pointId: string
  createdAt: number
  description: Readonly<Record<string, unknown>>
  disks: readonly BackupDisk[]
}

/** What lies in a folder of a point's disk. */
export interface FileEntry {
  name: string
  kind: 'folder' | 'file' | 'link' | 'other'
  /** Permissions. */
  mode: number
  sizeBytes: number
  modifiedAt: number
}
