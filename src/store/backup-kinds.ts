/** Backup's part of kinds.ts. `open` jobs are those that the reconciler walks through. */
import type { BackupKind } from '../domain/backup/kinds.ts'
import type { BackupJob } from '../domain/backup/records.ts'
import type { ResourceTypes } from '../domain/resource-types.ts'
import type { KindRules, Reference } from './kind-rules.ts'

type BackupTable = { [K in BackupKind]: KindRules<ResourceTypes[K]> }

const ref = (name: string, value: string | null): Reference[] => (value ? [{ name, value }] : [])
const when = (name: string, holds: boolean): Reference[] => ref(name, holds ? 'yes' : null)
const placeOf = ({ account, region }: { account: string; region: string }) => `${account}:${region}`
const nothing = (): [] => []

const OPEN = ['CREATED', 'PENDING', 'RUNNING', 'ABORTING']
const BUSY = ['PENDING', 'RUNNING']

/** Of a machine of the Backup gateway; null: of this Brume's own. */
const hypervisorOf = (frozen: BackupJob['frozen']): string | null =>
  (frozen?.description['machine'] as { hypervisorId?: string } | undefined)?.hypervisorId ?? null

export const BACKUP_KINDS: BackupTable = {
  backupVault: {
    references: (r) => (r.deletedAt === null ? ref('name', r.name) : when('going', true)),
    claims: (r) =>
      r.deletedAt === null ? [{ scope: `backup-vault:${placeOf(r)}`, name: r.name }] : [],
  },
  backupPlan: {
    references: (r) => when('live', r.deletedAt === null),
    claims: nothing,
  },
  backupPlanVersion: { references: (r) => ref('plan', r.planId), claims: nothing },
  backupSelection: {
    references: (r) => ref('plan', r.planId),
    claims: (r) => [{ scope: `backup-selection:${r.planId}`, name: r.name }],
  },
  backupJob: {
    references: (r) => [
      ...when('open', OPEN.includes(r.state)),
      ...ref('point', r.pointId),
      ...ref('vault', OPEN.includes(r.state) ? r.vaultId : null),
      ...ref('busy', BUSY.includes(r.state) ? r.resourceArn : null),
      ...ref('hypervisor', BUSY.includes(r.state) ? hypervisorOf(r.frozen) : null),
    ],
    claims: nothing,
  },
  backupPoint: {
    references: (r) => [
      ...ref('vault', r.vaultId),
      ...ref('resource', r.resourceArn),
      // What the next backup of the resource builds upon.
      ...when('baseline', r.baseline !== null),
      ...ref('base', r.baseline !== null || r.token !== null ? r.resourceArn : null),
      ...when('aging', r.lifecycle !== null && r.state !== 'CREATING'),
      ...when('deleting', r.state === 'DELETING'),
    ],
    claims: nothing,
  },
  backupCopyJob: {
    references: (r) => [
      ...when('open', OPEN.includes(r.state)),
      ...ref('point', r.sourcePointId),
      ...ref('destination', r.destinationVaultArn),
    ],
    claims: nothing,
  },
  backupRestoreJob: {
    references: (r) => [
      ...when('open', OPEN.includes(r.state)),
      ...when('testing', r.test !== null && r.deletion?.state !== 'SUCCESSFUL'),
      ...ref('point', r.pointId),
      ...ref('resource', r.resourceArn),
    ],
    claims: nothing,
  },
  backupHold: { references: (r) => when('active', r.state === 'ACTIVE'), claims: nothing },
  backupTestPlan: {
    references: (r) => ref('name', r.name),
    claims: (r) => [{ scope: `backup-test-plan:${placeOf(r)}`, name: r.name }],
  },
  backupFramework: {
    references: (r) => ref('name', r.name),
    claims: (r) => [{ scope: `backup-framework:${placeOf(r)}`, name: r.name }],
  },
  backupReportPlan: {
    references: (r) => ref('name', r.name),
    claims: (r) => [{ scope: `backup-report-plan:${placeOf(r)}`, name: r.name }],
  },
  backupReportJob: {
    references: (r) => [...when('open', r.state === 'CREATED'), ...ref('plan', r.planId)],
    claims: nothing,
  },
  backupTestSelection: {
    references: (r) => ref('plan', r.planId),
    claims: (r) => [{ scope: `backup-test-selection:${r.planId}`, name: r.name }],
  },
}
