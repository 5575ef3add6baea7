/** ListVirtualMachines. */
import { machineList } from '../../../app/gateway/machines.ts'
import { presentMachine } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'ListVirtualMachines'>({
  handle: async (ctx, input, call) => {
    const machines = await machineList(ctx, input.HypervisorArn)
    const { items, nextToken } = call.page(machines, { key: (one) => one.id, defaultSize: 100 })
    return { VirtualMachines: items.map(presentMachine), NextToken: nextToken }
  },
})
