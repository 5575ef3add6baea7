/** ListHypervisors. */
import { hypervisorList } from '../../../app/gateway/hypervisors.ts'
import { presentHypervisor } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'ListHypervisors'>({
  handle: async (ctx, _input, call) => {
    const hypervisors = await hypervisorList(ctx)
    const { items, nextToken } = call.page(hypervisors, { key: (one) => one.id, defaultSize: 100 })
    return { Hypervisors: items.map(presentHypervisor), NextToken: nextToken }
  },
})
