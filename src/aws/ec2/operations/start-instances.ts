/** StartInstances. */
import { instancesStart } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'StartInstances'>({
  handle: async (ctx, input) => {
    const changes = await instancesStart(ctx, idsOf(input.InstanceIds))
    return { StartingInstances: presentChanges(changes) }
  },
})
