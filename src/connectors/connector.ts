/**
 * What a kind of hypervisor must be able to do to be backed up: five functions and a session. A connector knows its
 * hypervisor and nothing of AWS, vaults or the database. How to write one: docs/backup-gateway.md.
 */
import type { HypervisorConnection, HypervisorTest, MachineListing } from '../domain/hypervisor.ts'
import type { DiskReader, PointDisk } from '../backup/vault.ts'

export interface Connector {
  /** Whether it can be reached and lets us in. Its refusal is an answer, never an error. Seconds at most. */
  test(connection: HypervisorConnection, signal: AbortSignal): Promise<HypervisorTest>
  /** @throws Error when they cannot be listed at all. */
  machines(connection: HypervisorConnection, signal: AbortSignal): Promise<MachineListing>
  /** Fixes all disks of a machine at one instant, after ending what an earlier, killed session left. */
  open(
    connection: HypervisorConnection,
    request: SessionRequest,
    signal: AbortSignal,
  ): Promise<BackupSession>
  /** Ends what sessions of programs that are gone left with running machines. */
  sweep(connection: HypervisorConnection, signal: AbortSignal): Promise<void>
  /** Makes a machine of disks. Repeating it with the same request answers the machine that is there. */
  restore(
    connection: HypervisorConnection,
    request: RestoreRequest,
    signal: AbortSignal,
  ): Promise<RestoredMachine>
}

export interface SessionRequest {
  /** The hypervisor's own lasting id of the machine. */
  machineId: string
  vaultId: string
  pointId: string
  /** What `finish` answered for the point that this one builds upon; null: everything is read. */
  token: string | null
  /** Asks the guest to bring its files to rest first, if it can. */
  isQuiesced: boolean
}

/** The disks hold still from `open` to `finish`. */
export interface BackupSession {
  disks: readonly { diskId: string; label: string; reader: DiskReader }[]
  /** What the guest did, whatever was asked for. */
  consistency: 'application' | 'crash'
  /** Why everything is read though there was a token, why the guest was not at rest; null: nothing to tell. */
  message: string | null
  /** What `restore` needs to make such a machine again. Goes into the manifest. */
  machine: Readonly<Record<string, unknown>>
  /**
   * Ends the session. After success the hypervisor remembers what changes from this instant on, under the token; the
   * token before is worth nothing any more. Idempotent; also to be called after a failure.
   */
  finish(isSuccess: boolean): Promise<{ token: string | null }>
}

export interface RestoreRequest {
  /** Of the restore itself: the same for the same restore. */
  restoreId: string
  name: string
  /** Where disks go, in the hypervisor's words; null: where it has them by default. */
  datastore: string | null
  isStarted: boolean
  /** As the session gave it. */
  machine: Readonly<Record<string, unknown>>
  disks: readonly { diskId: string; label: string; disk: PointDisk }[]
  onProgress(doneBytes: number): void
}

export interface RestoredMachine {
  machineId: string
  name: string
  path: string
  /** What it lacks, for who is to start it; null: nothing. */
  message: string | null
}
