/** ListGateways. */
import { gatewayList } from '../../../app/gateway/gateways.ts'
import { presentGateway } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'ListGateways'>({
  handle: async (ctx, _input, call) => {
    const gateways = await gatewayList(ctx)
    const { items, nextToken } = call.page(gateways, { key: (one) => one.id, defaultSize: 100 })
    return { Gateways: items.map((one) => presentGateway(ctx, one)), NextToken: nextToken }
  },
})
