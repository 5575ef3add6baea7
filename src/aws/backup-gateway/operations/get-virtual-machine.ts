/** GetVirtualMachine. */
import { machineGet } from '../../../app/gateway/machines.ts'
import { presentMachineDetails } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'GetVirtualMachine'>({
  handle: async (ctx, input) => ({
    VirtualMachine: presentMachineDetails(await machineGet(ctx, input.ResourceArn!)),
  }),
})
