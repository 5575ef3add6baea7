/** Fast snapshot restores as EC2 shows them; one snapshot's failure is part of the answer. */
import type {
  DescribeFastSnapshotRestoreSuccessItem,
  EnableFastSnapshotRestoreErrorItem,
} from '@aws-sdk/client-ec2'
import type { Ctx } from '../../../app/context.ts'
import {
  fastRestoreZones,
  type FastRestore,
  type FastRestoreRequest,
} from '../../../app/snapshots/fast-restore.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId, type SnapshotId } from '../../../domain/ids.ts'
import { zoneIdOf, type Zone } from '../../../domain/zones.ts'
import { ec2Error } from '../faults.ts'

export function presentFastRestore(
  { snapshot, zone, enabledAt }: FastRestore,
  disabledAt: number | null = null,
): DescribeFastSnapshotRestoreSuccessItem {
  const enabled = new Date(enabledAt)
  const disabled = disabledAt === null ? undefined : new Date(disabledAt)
  return {
    AvailabilityZone: zone,
    AvailabilityZoneId: zoneIdOf(zone),
    EnablingTime: enabled,
    OptimizingTime: enabled,
    EnabledTime: enabled,
    DisablingTime: disabled,
    DisabledTime: disabled,
    OwnerId: snapshot.account,
    SnapshotId: snapshot.id,
    State: disabled ? 'disabled' : 'enabled',
    StateTransitionReason: 'Client.UserInitiated',
  }
}

interface Input {
  AvailabilityZones?: string[] | undefined
  AvailabilityZoneIds?: string[] | undefined
  SourceSnapshotIds?: string[] | undefined
}

export function fastRestoreRequestOf(input: Readonly<Input>): FastRestoreRequest {
  return {
    ids: (input.SourceSnapshotIds ?? []).map((id) => parseId('snapshot', id)),
    zones: [...(input.AvailabilityZones ?? []), ...(input.AvailabilityZoneIds ?? [])],
  }
}

/** Each snapshot for itself. */
export async function fastRestoreEach(
  ctx: Ctx,
  request: FastRestoreRequest,
  act: (id: SnapshotId, zones: readonly Zone[]) => Promise<FastRestore[]>,
): Promise<{ done: FastRestore[]; failed: EnableFastSnapshotRestoreErrorItem[] }> {
  const zones = fastRestoreZones(ctx, request)
  const done: FastRestore[] = []
  const failed: EnableFastSnapshotRestoreErrorItem[] = []
  for (const id of request.ids) {
    try {
      done.push(...(await act(id, zones)))
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      const { code, message } = ec2Error(error.fault)
      failed.push({
        SnapshotId: id,
        FastSnapshotRestoreStateErrors: zones.map((zone) => ({
          AvailabilityZone: zone.name,
          AvailabilityZoneId: zone.id,
          Error: { Code: code, Message: message },
        })),
      })
    }
  }
  return { done, failed }
}
