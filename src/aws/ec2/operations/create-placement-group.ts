/** CreatePlacementGroup. */
import { placementGroupCreate } from '../../../app/placement-groups.ts'
import { FaultError } from '../../../domain/faults.ts'
import type { PlacementGroup } from '../../../domain/placement-group.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'
import { placementGroupShape } from '../present/placement-group.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreatePlacementGroup'>({
  check: (_ctx, input) => {
    refuseFeatures('CreatePlacementGroup', {
      // Of Outposts.
      'SpreadLevel host': input.SpreadLevel === 'host',
      'Strategy precision-time': input.Strategy === 'precision-time',
      LinkedGroupId: input.LinkedGroupId,
      Operator: input.Operator,
    })
    if (!input.GroupName) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'groupName' })
    }
    tagsOfSpecifications(input.TagSpecifications, 'placement-group')
  },
  handle: async (ctx, input) => {
    const group = await placementGroupCreate(ctx, {
      name: input.GroupName!,
      strategy: (input.Strategy ?? 'cluster') as PlacementGroup['strategy'],
      partitionCount: input.PartitionCount ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'placement-group'),
    })
    return { PlacementGroup: placementGroupShape(group) }
  },
})
