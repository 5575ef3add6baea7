/** StopInstances. */
import { instancesCheck, instancesStop } from '../../../app/instances/lifecycle.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'StopInstances'>({
  check: async (ctx, input) => {
    if (input.Hibernate) throw new FaultError({ type: 'Unsupported', feature: 'hibernation' })
    await instancesCheck(ctx, idsOf(input.InstanceIds), 'stop')
  },
  handle: async (ctx, input) => {
    const changes = await instancesStop(ctx, idsOf(input.InstanceIds), {
      isForced: input.Force ?? false,
    })
    return { StoppingInstances: presentChanges(changes) }
  },
})
