/**
 * What Backup keeps: vaults, plans, jobs, recovery points, restores, holds, tests of restores. The content of a
 * recovery point lies in its vault (domain/backup.ts); these are the records about it.
 */
import type { BackupDisk } from '../backup.ts'
import type { SnapshotId } from '../ids.ts'
import type { DataKey } from '../kms.ts'
import type { LayerId } from '../layer.ts'
import type { ResourceBase, Tags } from '../resource.ts'

export type BackedType = 'EC2' | 'EBS' | 'VirtualMachine'

/** Days since a point was made; null: never. */
export interface Lifecycle {
  coldAfterDays: number | null
  deleteAfterDays: number | null
}

export interface VaultLock {
  minRetentionDays: number | null
  maxRetentionDays: number | null
  /** From then on nobody can change or remove it; null: whoever may can remove it. */
  lockedAt: number | null
  /** That date has been seen: a clock that is set back opens nothing. */
  isFinal?: boolean
}

export interface BackupVault extends ResourceBase<string> {
  name: string
  /** Logically: locked from its creation on, and filled by copies only. */
  isAirGapped?: boolean
  /** The vault's own key of 32 bytes, wrapped by one of KMS. */
  key: DataKey
  /** A registered location's name; null: a folder of the host. */
  location: string | null
  /** A policy document. */
  policy: string | null
  lock: VaultLock | null
  notifications: { topicArn: string; events: readonly string[] } | null
  creatorRequestId: string | null
  /** Gone for its users; the record stays until its content is gone from where it lay. */
  deletedAt: number | null
}

export interface CopyAction {
  vaultArn: string
  lifecycle: Lifecycle | null
}

export interface PlanRule {
  id: string
  name: string
  vaultName: string
  schedule: string
  timezone: string
  startWindowMinutes: number
  completionWindowMinutes: number
  lifecycle: Lifecycle | null
  pointTags: Tags
  isContinuous: boolean
  copies: readonly CopyAction[]
}

export interface PlanBody {
  name: string
  rules: readonly PlanRule[]
  /** By type of resource, its options. */
  advanced: readonly { resourceType: string; options: Readonly<Record<string, string>> }[]
}

export interface BackupPlan extends ResourceBase<string> {
  versionId: string
  body: PlanBody
  creatorRequestId: string | null
  updatedAt: number
  deletedAt: number | null
  lastRunAt: number | null
  /** By rule, until when its times have been looked at. */
  lookedAt: Readonly<Record<string, number>>
}

/** `<planId>/<versionId>` */
export interface BackupPlanVersion extends ResourceBase<string> {
  planId: string
  versionId: string
  body: PlanBody
  creatorRequestId: string | null
  deletedAt: number | null
}

export interface TagCondition {
  key: string
  value: string
}

/** What a selection chooses among the resources of its account and region. */
export interface SelectionRules {
  resources: readonly string[]
  notResources: readonly string[]
  /** Any of them. */
  tags: readonly TagCondition[]
  /** All of them. */
  conditions: {
    equals: readonly TagCondition[]
    notEquals: readonly TagCondition[]
    like: readonly TagCondition[]
    notLike: readonly TagCondition[]
  }
}

export interface BackupSelection extends ResourceBase<string> {
  planId: string
  name: string
  roleArn: string
  rules: SelectionRules
  creatorRequestId: string | null
}

export interface CreatedByPlan {
  planId: string
  planName: string
  versionId: string
  ruleId: string
  ruleName: string
  schedule: string
  timezone: string
}

export type BackupJobState =
  | 'CREATED'
  | 'PENDING'
  | 'RUNNING'
  | 'ABORTING'
  | 'ABORTED'
  | 'COMPLETED'
  | 'FAILED'
  | 'EXPIRED'
  | 'PARTIAL'

/** What every job of Backup has. */
export interface JobBase extends ResourceBase<string> {
  resourceArn: string
  resourceType: BackedType
  resourceName: string | null
  roleArn: string
  message: string | null
  percentDone: number
  sizeBytes: number | null
  endedAt: number | null
  /** How often it was tried, and not before when it is tried again. */
  attempts: number
  retryAt: number | null
}

export interface BackupJob extends JobBase {
  vaultId: string
  vaultName: string
  pointId: string
  state: BackupJobState
  /** It is ended because its completion window has closed. */
  isLate?: boolean
  createdBy: CreatedByPlan | null
  lifecycle: Lifecycle | null
  pointTags: Tags
  copies: readonly CopyAction[]
  options: Readonly<Record<string, string>>
  startBy: number
  completionMinutes: number
  startedAt: number | null
  transferredBytes: number | null
  /** What fixes the content of its disks; null: nothing yet, or nothing is needed. */
  frozen: FrozenContent | null
}

/** Hidden snapshots of one instant, and what a restore will need to know of the resource at that instant. */
export interface FrozenContent {
  batch: string | null
  disks: readonly FrozenDisk[]
  /** The point on which the next one builds; its layers are there as long as this job may need them. */
  basePointId: string | null
  /** Goes into the vault with the content. */
  description: Readonly<Record<string, unknown>>
  /** Of a foreign machine: what the connector wanted to know again. */
  token?: string | null
}

export interface FrozenDisk extends BackupDisk {
  snapshotId: SnapshotId
  layerId: LayerId
}

export type PointState = 'CREATING' | 'COMPLETED' | 'PARTIAL' | 'DELETING' | 'EXPIRED'

export interface RecoveryPoint extends ResourceBase<string> {
  vaultId: string
  vaultName: string
  resourceArn: string
  resourceType: BackedType
  resourceName: string | null
  roleArn: string
  /** Of a copy: the vault and the point it was made from. */
  copyOf: { vaultArn: string; pointArn: string } | null
  state: PointState
  message: string | null
  createdBy: CreatedByPlan | null
  sizeBytes: number
  completedAt: number | null
  lifecycle: Lifecycle | null
  isCold: boolean
  lastRestoreAt: number | null
  consistency: 'application' | 'crash' | null
  /** As in the vault. */
  description: Readonly<Record<string, unknown>>
  disks: readonly BackupDisk[]
  /** The layers that the next backup of the resource compares with; null: a later point has them. */
  baseline: readonly FrozenDisk[] | null
  /** Of a foreign machine: what its connector knows its state by. */
  token: string | null
  /** What a verification found damaged; null: nothing. */
  damage: string | null
}

export interface CopyJob extends JobBase {
  state: 'CREATED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'PARTIAL'
  sourceVaultArn: string
  sourcePointId: string
  destinationVaultArn: string
  destinationPointId: string
  createdBy: CreatedByPlan | null
  createdByJobId: string | null
  lifecycle: Lifecycle | null
}

export type ValidationState = 'VALIDATING' | 'SUCCESSFUL' | 'FAILED' | 'TIMED_OUT'

export interface RestoreJob extends JobBase {
  state: 'PENDING' | 'RUNNING' | 'COMPLETED' | 'ABORTED' | 'FAILED'
  vaultId: string
  pointId: string
  metadata: Readonly<Record<string, string>>
  areTagsCopied: boolean
  createdResourceArn: string | null
  /** What its handler has made so far. */
  made: Readonly<Record<string, unknown>>
  /** The test that it belongs to. */
  test: { planName: string; planArn: string; selectionName: string; deleteAt: number | null } | null
  validation: { state: ValidationState; message: string | null } | null
  deletion: { state: 'DELETING' | 'FAILED' | 'SUCCESSFUL'; message: string | null } | null
}

export interface LegalHold extends ResourceBase<string> {
  title: string
  description: string
  state: 'ACTIVE' | 'CANCELED'
  vaultNames: readonly string[]
  resourceArns: readonly string[]
  /** Of the points' creation; null: whenever. */
  range: { from: number; to: number } | null
  canceledAt: number | null
  cancelDescription: string | null
  retainUntil: number | null
}

export interface TestPlan extends ResourceBase<string> {
  name: string
  schedule: string
  timezone: string
  startWindowHours: number
  points: {
    algorithm: 'LATEST_WITHIN_WINDOW' | 'RANDOM_WITHIN_WINDOW'
    includeVaults: readonly string[]
    excludeVaults: readonly string[]
    types: readonly string[]
    windowDays: number
  }
  creatorRequestId: string | null
  updatedAt: number
  lastRunAt: number | null
  lookedAt: number
}

export interface TestSelection extends ResourceBase<string> {
  planId: string
  name: string
  resourceType: BackedType
  resourceArns: readonly string[]
  conditions: { equals: readonly TagCondition[]; notEquals: readonly TagCondition[] }
  roleArn: string
  overrides: Readonly<Record<string, string>>
  validationHours: number
  creatorRequestId: string | null
}
