/** TerminateInstances. */
import { instancesCheck, instancesTerminate } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'TerminateInstances'>({
  check: (ctx, input) => instancesCheck(ctx, idsOf(input.InstanceIds), 'terminate'),
  handle: async (ctx, input) => {
    const changes = await instancesTerminate(ctx, idsOf(input.InstanceIds))
    return { TerminatingInstances: presentChanges(changes) }
  },
})
