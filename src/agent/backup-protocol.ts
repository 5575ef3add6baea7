/**
 * What a host does for backups: part of `HostAgent`. Work is stated and repeated until its outcome was seen; it does
 * not outlive the daemon, and stating it again goes on where the vault shows that it stopped. Data never passes
 * through the control plane: a host writes into a vault and reads from it by itself.
 */
import type {
  BackupProgress,
  BackupWork,
  FileEntry,
  PointOfVault,
  VaultLocation,
  VaultPlace,
} from '../domain/backup.ts'

export interface BackupHost {
  /** Returns when accepted; the same id with the same work is the same work. Runs a few at once, the rest waits. */
  workEnsure(workId: string, work: BackupWork): Promise<void>
  /** Null: this host knows nothing of it (it was restarted): state it again. */
  workProgress(workId: string): Promise<BackupProgress | null>
  /** Bytes a second that work may put into its vault from now on; null: no limit. */
  workPace(workId: string, bytesPerSecond: number | null): Promise<void>
  /** Stops it; resolves when nothing of it runs any more. What it left in the vault is collected later. */
  workCancel(workId: string): Promise<void>
  /** Its outcome was recorded. Idempotent. */
  workForget(workId: string): Promise<void>
  /** Called when work ends or a volume becomes usable, so that nobody asks in vain. Returns what ends it. */
  onWorkEnd(listener: (workId: string) => void): () => void
  /** Every complete point that a vault holds, from the vault alone: ids and their manifests' descriptions. */
  points(vault: VaultPlace): Promise<readonly PointOfVault[]>
  /** Bytes that a vault takes, and what of it no point needs. */
  usage(vault: VaultPlace): Promise<{ storedBytes: number; unneededBytes: number }>
  /**
   * What lies in a folder of a point; `/` has a folder for each of its disks. Through a helper machine: its first
   * answer takes as long as a boot. @throws Error in words for the user.
   */
  fileList(vault: VaultPlace, pointId: string, path: string): Promise<FileEntry[]>
  fileRead(vault: VaultPlace, pointId: string, path: string): AsyncIterable<Uint8Array>
  /** Small files, whole or not there: into a bucket, or (null) into a folder of the host. */
  reportWrite(
    location: VaultLocation | null,
    files: readonly { key: string; text: string }[],
  ): Promise<void>
  close(): Promise<void>
}
