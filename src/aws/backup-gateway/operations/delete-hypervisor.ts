/** DeleteHypervisor. */
import { hypervisorDelete } from '../../../app/gateway/hypervisors.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'DeleteHypervisor'>({
  handle: async (ctx, input) => {
    await hypervisorDelete(ctx, input.HypervisorArn!)
    return { HypervisorArn: input.HypervisorArn }
  },
})
