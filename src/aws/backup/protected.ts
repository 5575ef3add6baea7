/** Protected resources: every one of which there is a recovery point, with its newest. */
import { pointArn } from '../../domain/backup/arn.ts'
import type { RecoveryPoint } from '../../domain/backup/records.ts'
import { vaultArnOf } from './present-plan.ts'

/** By resource, the newest point that is whole. */
export function newestByResource(points: readonly RecoveryPoint[]): RecoveryPoint[] {
  const newest = new Map<string, RecoveryPoint>()
  for (const point of points) {
    if (point.state !== 'COMPLETED' && point.state !== 'EXPIRED') continue
    const known = newest.get(point.resourceArn)
    if (!known || known.createdAt < point.createdAt) newest.set(point.resourceArn, point)
  }
  return [...newest.values()]
}

export function presentProtected(point: RecoveryPoint) {
  return {
    ResourceArn: point.resourceArn,
    ResourceType: point.resourceType,
    ResourceName: point.resourceName ?? undefined,
    LastBackupTime: new Date(point.createdAt),
    LastBackupVaultArn: vaultArnOf(point, point.vaultName),
    LastRecoveryPointArn: pointArn(point),
  }
}
