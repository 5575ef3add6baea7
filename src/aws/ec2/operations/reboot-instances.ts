/** RebootInstances: a request; the host asks the guest and resets it when it does not answer. */
import { instancesCheck, instancesReboot } from '../../../app/instances/lifecycle.ts'
import { operation } from '../../operation.ts'
import { idsOf } from '../present/state-change.ts'

export default operation<'ec2', 'RebootInstances'>({
  check: (ctx, input) => instancesCheck(ctx, idsOf(input.InstanceIds), 'reboot'),
  handle: async (ctx, input) => {
    await instancesReboot(ctx, idsOf(input.InstanceIds))
    return {}
  },
})
