/** StartInstances. */
import { instancesGet, instancesStart } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'StartInstances'>({
  check: async (ctx, input) => void (await instancesGet(ctx, idsOf(input.InstanceIds))),
  handle: async (ctx, input) => {
    const changes = await instancesStart(ctx, idsOf(input.InstanceIds))
    return { StartingInstances: presentChanges(changes) }
  },
})
