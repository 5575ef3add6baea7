/** PutBandwidthRateLimitSchedule. */
import { bandwidthPut } from '../../../app/gateway/gateways.ts'
import { intervalOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'PutBandwidthRateLimitSchedule'>({
  handle: async (ctx, input) => {
    const intervals = input.BandwidthRateLimitIntervals!.map(intervalOf)
    await bandwidthPut(ctx, input.GatewayArn!, intervals)
    return { GatewayArn: input.GatewayArn }
  },
})
