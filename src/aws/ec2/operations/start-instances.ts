/** StartInstances. */
import { instancesCheck, instancesStart } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'StartInstances'>({
  check: (ctx, input) => instancesCheck(ctx, idsOf(input.InstanceIds), 'start'),
  handle: async (ctx, input) => {
    const changes = await instancesStart(ctx, idsOf(input.InstanceIds))
    return { StartingInstances: presentChanges(changes) }
  },
})
