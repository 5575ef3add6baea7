/** StopInstances. */
import { mayHibernate } from '../../../app/instances/hibernation.ts'
import { instancesCheck, instancesGet, instancesStop } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf, presentChanges } from '../present/state-change.ts'

export default operation<'ec2', 'StopInstances'>({
  check: async (ctx, input) => {
    const ids = idsOf(input.InstanceIds)
    await instancesCheck(ctx, ids, 'stop')
    if (input.Hibernate) (await instancesGet(ctx, ids)).forEach(mayHibernate)
  },
  handle: async (ctx, input) => {
    const changes = await instancesStop(ctx, idsOf(input.InstanceIds), {
      isForced: (input.Force ?? false) || (input.SkipOsShutdown ?? false),
      isHibernated: input.Hibernate ?? false,
    })
    return { StoppingInstances: presentChanges(changes) }
  },
})
