/** DescribePlacementGroups. */
import { placementGroupsList } from '../../../app/placement-groups.ts'
import { parseId } from '../../../domain/ids.ts'
import type { PlacementGroup } from '../../../domain/placement-group.ts'
import { operation } from '../../operation.ts'
import { placementGroupArn, placementGroupShape } from '../present/placement-group.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribePlacementGroups', PlacementGroup>({
  filters: {
    'group-arn': placementGroupArn,
    'group-name': (group) => group.name,
    'spread-level': (group) => (group.strategy === 'spread' ? 'rack' : undefined),
    state: () => 'available',
    strategy: (group) => group.strategy,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.GroupIds ?? []).map((id) => parseId('placementGroup', id))
    const found = call.filter(await placementGroupsList(ctx, ids, input.GroupNames ?? []))
    return { PlacementGroups: found.map(placementGroupShape) }
  },
})
