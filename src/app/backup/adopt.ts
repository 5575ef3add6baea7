/**
 * Records of recovery points made again from what a vault itself tells, for an empty cloud that is given a vault and
 * its key. What is known already stays as it is. Whoever wrote the vault had its key and need not be us: a point that
 * does not say what ours say becomes no record, so that nothing that reads records meets it.
 */
import type { PointOfVault } from '../../domain/backup.ts'
import type {
  BackupVault,
  CreatedByPlan,
  Lifecycle,
  RecoveryPoint,
} from '../../domain/backup/records.ts'
import type { Tags } from '../../domain/resource.ts'
import type { App } from '../context.ts'
import { anyHost, backupHostOf } from './background.ts'
import { handlerMust } from './jobs.ts'
import { HANDLERS } from './resources/registry.ts'
import { vaultPlace } from './vault-key.ts'
import { vaultUsed } from './vaults.ts'

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
  const said = saidOf(description)
  if (!said || !/^[\w-]+$/.test(one.pointId)) return undefined
  const { account, region, name: vaultName, id: vaultId } = vault
  const { resourceArn, resourceType, resourceName, roleArn, lifecycle, createdBy, tags } = said
  const point: RecoveryPoint = {
    id: one.pointId,
    account,
    region,
    generation: 0,
    createdAt: one.createdAt,
    tags,
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
  return isRestorable(point) ? point : undefined
}

type Said = Pick<
  RecoveryPoint,
  'resourceArn' | 'resourceType' | 'resourceName' | 'roleArn' | 'lifecycle' | 'createdBy' | 'tags'
>

/** What a point says of itself beside its content (job-steps.ts); undefined: nothing that could be a record. */
function saidOf(description: PointOfVault['description']): Said | undefined {
  const { point, tags = {} } = description
  if (!isObject(point) || !isTags(tags)) return undefined
  const { resourceArn, resourceType, resourceName, roleArn, pointTags } = point
  const { createdBy = null, lifecycle = null } = point
  const handler = HANDLERS.find(({ type }) => type === resourceType)
  const isSaid =
    isText(resourceArn) &&
    handler?.owns(resourceArn) === true &&
    (resourceName === null || isText(resourceName)) &&
    isText(roleArn) &&
    isLifecycle(lifecycle) &&
    isTags(pointTags ?? {}) &&
    (createdBy === null || (isObject(createdBy) && Object.values(createdBy).every(isText)))
  if (!isSaid) return undefined
  return {
    ...{ resourceArn, roleArn, lifecycle, resourceType: handler.type },
    resourceName: resourceName as string | null,
    createdBy: createdBy as CreatedByPlan | null,
    tags: { ...tags, ...(pointTags as Tags | undefined) },
  }
}

/** Whether its handler finds in the description what a restore asks for. */
function isRestorable(point: RecoveryPoint): boolean {
  try {
    const volumes = point.description['volumes'] ?? []
    const areVolumes = Array.isArray(volumes) && volumes.every(isObject)
    const metadata = handlerMust(point.resourceType).restoreMetadata(point)
    return areVolumes && Object.values(metadata).every((value) => typeof value === 'string')
  } catch {
    return false
  }
}

const TEXT_MAX = 2048
const DAYS_MAX = 36_500

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= TEXT_MAX

const isTags = (value: unknown): value is Tags =>
  isObject(value) && Object.entries(value).every(([key, text]) => isText(key) && isText(text))

const isDays = (value: unknown): boolean =>
  value === null || (Number.isInteger(value) && Number(value) > 0 && Number(value) <= DAYS_MAX)

const isLifecycle = (value: unknown): value is Lifecycle | null =>
  value === null ||
  (isObject(value) && isDays(value['coldAfterDays']) && isDays(value['deleteAfterDays']))
