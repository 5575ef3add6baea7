/** UpdateHypervisor. */
import { hypervisorUpdate } from '../../../app/gateway/hypervisors.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'UpdateHypervisor'>({
  handle: async (ctx, input) => {
    await hypervisorUpdate(ctx, input.HypervisorArn!, {
      name: input.Name,
      host: input.Host,
      username: input.Username,
      password: input.Password,
      logGroupArn: input.LogGroupArn,
    })
    return { HypervisorArn: input.HypervisorArn }
  },
})
