/** `Placement` of a launch or a move: the group that is meant. */
import type { Placement } from '@aws-sdk/client-ec2'
import type { PlacementWish } from '../../app/instances/run-wishes.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'

export function placementWishOf(
  placement: Pick<Placement, 'GroupName' | 'GroupId' | 'PartitionNumber'> | undefined,
): PlacementWish | undefined {
  const { GroupName: name, GroupId: id, PartitionNumber: partition } = placement ?? {}
  if (name && id) {
    const parameters = ['Placement.GroupName', 'Placement.GroupId']
    const reason = 'Specify either the name or the ID of the placement group, not both'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (!name && !id) {
    if (partition === undefined) return undefined
    const hint = 'a partition number needs its placement group'
    throw new FaultError({ type: 'MissingParameter', parameter: 'GroupName', hint })
  }
  return {
    group: { id: id ? parseId('placementGroup', id) : null, name: name || null },
    partitionNumber: partition ?? null,
  }
}
