/** TerminateInstances. */
import { instancesTerminate } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'TerminateInstances'>({
  handle: async (ctx, input) => {
    const changes = await instancesTerminate(ctx, idsOf(input.InstanceIds))
    return { TerminatingInstances: presentChanges(changes) }
  },
})
