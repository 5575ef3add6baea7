/** StartVirtualMachinesMetadataSync. */
import { syncStart } from '../../../app/gateway/hypervisors.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'StartVirtualMachinesMetadataSync'>({
  handle: async (ctx, input) => {
    await syncStart(ctx, input.HypervisorArn!)
    return { HypervisorArn: input.HypervisorArn }
  },
})
