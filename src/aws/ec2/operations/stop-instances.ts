/** StopInstances. */
import { instancesStop } from '../../../app/instances/lifecycle.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'StopInstances'>({
  check: (_ctx, input) => {
    if (!input.Hibernate) return
    throw new FaultError({ type: 'Unsupported', feature: 'hibernation' })
  },
  handle: async (ctx, input) => {
    const changes = await instancesStop(ctx, idsOf(input.InstanceIds), {
      isForced: input.Force ?? false,
    })
    return { StoppingInstances: presentChanges(changes) }
  },
})
