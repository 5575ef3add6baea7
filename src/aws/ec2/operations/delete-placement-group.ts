/** DeletePlacementGroup, when no instance is in it. */
import { placementGroupDelete, placementGroupFind } from '../../../app/placement-groups.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeletePlacementGroup'>({
  check: async (ctx, input) => {
    await placementGroupFind(ctx, ctx.app.store, { id: null, name: input.GroupName! })
  },
  handle: async (ctx, input) => {
    await placementGroupDelete(ctx, input.GroupName!)
    return {}
  },
})
