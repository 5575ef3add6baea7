/**
 * What Backup has to know of a type of resource: which there are, what fixes the content of one, what a host has to do
 * for it, and how one comes back. A new type is a file with a `ResourceHandler` and a line in registry.ts.
 *
 * A handler keeps no state of its own and may be asked the same again after a crash at any line: what it makes is in
 * the records of the job (`frozen`, `made`) before it is made.
 */
import type {
  BackupProgress,
  BackupResult,
  BackupWork,
  VaultPlace,
} from '../../../domain/backup.ts'
import type {
  BackedType,
  BackupJob,
  BackupVault,
  FrozenContent,
  RecoveryPoint,
  RestoreJob,
} from '../../../domain/backup/records.ts'
import type { Tags } from '../../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../../store/store.ts'
import type { App, Ctx, HostHandle } from '../../context.ts'

export interface BackedResource {
  arn: string
  type: BackedType
  name: string | null
  tags: Tags
}

export interface Scope {
  account: string
  region: string
}

/** Once the content is fixed: what its host does, and which host. */
export interface BackupTask {
  host: HostHandle
  /** The vault and the point are the caller's to fill in. */
  work: Omit<Extract<BackupWork, { type: 'backup' }>, 'vault' | 'pointId' | 'bandwidthMax'>
  /** Bytes a second that may go into the vault; absent, null: no limit. */
  bandwidthMax?: number | null
}

export type BackupReady =
  | { state: 'ready'; task: BackupTask }
  /** Its content is not fixed yet; it is asked again. */
  | { state: 'waiting' }
  /** `isFinal`: trying again is of no use. Otherwise the job begins anew later. */
  | { state: 'failed'; reason: string; isFinal: boolean }

export interface ResourceHandler {
  type: BackedType
  /** Whether an ARN names one of its resources. */
  owns(arn: string): boolean
  /** Every one of an account and region that plans may choose. */
  select(app: App, scope: Scope): Promise<BackedResource[]>
  find(reader: StoreReader, scope: Scope, arn: string): Promise<BackedResource | undefined>
  /** Options of advanced settings and jobs that it knows, by name, with the values they may have. */
  options: Readonly<Record<string, readonly string[]>>
  /**
   * In the transaction that lets a job begin: records of what fixes the content. Null: not now, wait; a text: not now,
   * and what it waits for.
   * @throws FaultError when it cannot be backed up at all.
   */
  begin(ctx: Ctx, tx: StoreTransaction, job: BackupJob): Promise<FrozenContent | string | null>
  /** After `begin`, until it is ready or failed. */
  describe(app: App, job: BackupJob, base: RecoveryPoint | undefined): Promise<BackupReady>
  /**
   * Before a job ends without its content: whether it is known what came of fixing it. A host that has begun may have
   * gone over to new files, and what they lie upon must not go with the job. False: not yet, later.
   */
  settle?(app: App, job: BackupJob): Promise<boolean>
  /**
   * In the transaction that ends a job: `result` for one that is COMPLETED, null otherwise. What it kept for the job
   * goes, or becomes the baseline that it returns.
   */
  end(
    tx: StoreTransaction,
    job: BackupJob,
    result: BackupResult | null,
  ): Promise<RecoveryPoint['baseline']>
  /** In the same transaction, before: of what consistency the content is, and what its owner should know of it. */
  consistency?(
    tx: StoreTransaction,
    job: BackupJob,
  ): Promise<{ consistency: 'application' | 'crash'; message: string | null }>
  /** In the transaction in which a point loses its baseline. */
  baselineDrop(tx: StoreTransaction, point: RecoveryPoint): Promise<void>
  /** What a restore could be given to be as the resource was. */
  restoreMetadata(point: RecoveryPoint): Record<string, string>
  /** What a restore test changes of it, and may be told (`RestoreMetadataOverrides`). */
  testMetadata(
    point: RecoveryPoint,
    overrides: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>> | Record<string, string>
  /** @throws FaultError for metadata that cannot be. */
  restoreCheck(
    ctx: Ctx,
    point: RecoveryPoint,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void>
  /** One step, repeated until it is done or failed. */
  restore(step: RestoreStep): Promise<RestoreState>
  /** Of a test: whether what was restored is alive. Null: not known yet. */
  validate?(ctx: Ctx, job: RestoreJob): Promise<{ isAlive: boolean; message: string } | null>
  /** Of a test: removes what was restored; true when it is gone. */
  discard?(ctx: Ctx, job: RestoreJob): Promise<boolean>
}

export interface RestoreStep {
  /** In the name of the job's account and region. */
  ctx: Ctx
  job: RestoreJob
  point: RecoveryPoint
  vault: BackupVault
  place: VaultPlace
  /** States work to the host and tells how far it is. `name` is unique within the job. */
  work(name: string, work: BackupWork, host?: HostHandle): Promise<BackupProgress>
  /** Durable in `job.made`; in a transaction of its own unless one is given. */
  keep(made: Readonly<Record<string, unknown>>, tx?: StoreTransaction): Promise<void>
}

export type RestoreState =
  /** `arn`: of what is there already. */
  | { state: 'running'; doneBytes: number; arn?: string }
  /** `message`: what its reader should know. */
  | { state: 'done'; arn: string; message?: string | null }
  /** Work of the host failed, and is worth trying again after a while. */
  | { state: 'again'; reason: string }
  | { state: 'failed'; reason: string }
