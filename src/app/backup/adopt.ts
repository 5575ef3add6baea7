/**
 * Records of recovery points made again from what a vault itself tells, for an empty cloud that is given a vault and
 * its key. What is known already stays as it is.
 */
import type { PointOfVault } from '../../domain/backup.ts'
import type {
  BackedType,
  BackupVault,
  CreatedByPlan,
  Lifecycle,
  RecoveryPoint,
} from '../../domain/backup/records.ts'
import type { Tags } from '../../domain/resource.ts'
import type { App } from '../context.ts'
import { anyHost, backupHostOf } from './background.ts'
import { vaultPlace } from './vault-key.ts'
import { vaultUsed } from './vaults.ts'

interface Said {
  resourceArn: string
  resourceType: BackedType
  resourceName: string | null
  roleArn: string
  lifecycle: Lifecycle | null
  pointTags: Tags
  createdBy: CreatedByPlan | null
}

/** The ids of those that were unknown. */
export async function pointsAdopt(app: App, vault: BackupVault): Promise<string[]> {
  const place = await vaultPlace(app, vault)
  const found = await backupHostOf(anyHost(app)).points(place)
  const adopted: string[] = []
  for (const one of found) {
    const point = pointOf(vault, one)
    if (!point) continue
    const isNew = await app.store.transact(async (tx) => {
      if (await tx.get('backupPoint', one.pointId)) return false
      await tx.insert('backupPoint', point)
      await vaultUsed(tx, vault.id, app.clock.now())
      return true
    })
    if (isNew) adopted.push(one.pointId)
  }
  app.log.info({ vault: vault.name, points: adopted.length }, 'recovery points found in a vault')
  return adopted
}

/** In the account and region of the vault; undefined for what another program wrote. */
function pointOf(vault: BackupVault, one: PointOfVault): RecoveryPoint | undefined {
  const { description, disks } = one
  const said = description.point as Said | undefined
  if (!said) return undefined
  const { account, region, name: vaultName, id: vaultId } = vault
  const { resourceArn, resourceType, resourceName, roleArn, lifecycle, createdBy } = said
  return {
    id: one.pointId,
    account,
    region,
    generation: 0,
    createdAt: one.createdAt,
    tags: { ...(description.tags as Tags), ...said.pointTags },
    vaultId,
    vaultName,
    resourceArn,
    resourceType,
    resourceName,
    roleArn,
    copyOf: null,
    state: 'COMPLETED',
    message: 'Found in the vault',
    createdBy,
    sizeBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    completedAt: one.createdAt,
    lifecycle,
    isCold: false,
    lastRestoreAt: null,
    consistency: null,
    description,
    disks,
    baseline: null,
    token: null,
    damage: null,
  }
}
