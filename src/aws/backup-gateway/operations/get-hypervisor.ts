/** GetHypervisor. */
import { find } from '../../../app/gateway/find.ts'
import { presentHypervisorDetails } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'GetHypervisor'>({
  handle: async (ctx, input) => {
    const hypervisor = await find(ctx, 'hypervisor', input.HypervisorArn!)
    return { Hypervisor: presentHypervisorDetails(hypervisor) }
  },
})
