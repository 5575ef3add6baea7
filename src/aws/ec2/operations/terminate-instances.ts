/** TerminateInstances. */
import { instancesGet, instancesTerminate } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'TerminateInstances'>({
  check: async (ctx, input) => void (await instancesGet(ctx, idsOf(input.InstanceIds))),
  handle: async (ctx, input) => {
    const changes = await instancesTerminate(ctx, idsOf(input.InstanceIds))
    return { TerminatingInstances: presentChanges(changes) }
  },
})
