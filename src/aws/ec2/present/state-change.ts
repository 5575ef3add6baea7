/** What start, stop and terminate answer: each instance's state before and now. */
import type { InstanceStateChange } from '@aws-sdk/client-ec2'
import type { StateChange } from '../../../app/instances/lifecycle.ts'
import { parseId, type InstanceId } from '../../../domain/ids.ts'
import { presentState } from './instance.ts'

export function idsOf(ids: readonly string[] | undefined): InstanceId[] {
  return (ids ?? []).map((id) => parseId('instance', id))
}

export function presentChanges(changes: readonly StateChange[]): InstanceStateChange[] {
  return changes.map(({ id, previous, current }) => ({
    CurrentState: presentState(current),
    InstanceId: id,
    PreviousState: presentState(previous),
  }))
}
