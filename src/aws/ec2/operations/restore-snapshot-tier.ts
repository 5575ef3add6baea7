/** RestoreSnapshotTier: for some days, or for good. */
import type { RestoreSnapshotTierRequest } from '@aws-sdk/client-ec2'
import {
  snapshotUnarchive,
  snapshotUnarchiveCheck,
  TEMPORARY_DAYS_DEFAULT,
  type TierRestoreRequest,
} from '../../../app/snapshots/tier.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'RestoreSnapshotTier'>({
  check: async (ctx, input) => {
    await snapshotUnarchiveCheck(ctx, parseId('snapshot', input.SnapshotId!), requestOf(input))
  },
  handle: async (ctx, input) => {
    const request = requestOf(input)
    const { id, tiering } = await snapshotUnarchive(
      ctx,
      parseId('snapshot', input.SnapshotId!),
      request,
    )
    return {
      SnapshotId: id,
      RestoreStartTime: new Date(tiering!.operation.startedAt),
      RestoreDuration: request.days ?? undefined,
      IsPermanentRestore: request.days === null,
    }
  },
})

function requestOf({
  PermanentRestore,
  TemporaryRestoreDays,
}: Readonly<RestoreSnapshotTierRequest>): TierRestoreRequest {
  if (PermanentRestore && TemporaryRestoreDays !== undefined) {
    const parameters = ['PermanentRestore', 'TemporaryRestoreDays']
    throw new FaultError({ type: 'InvalidCombination', parameters, reason: 'name one of them' })
  }
  return { days: PermanentRestore ? null : (TemporaryRestoreDays ?? TEMPORARY_DAYS_DEFAULT) }
}
