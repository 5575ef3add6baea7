/** GetBandwidthRateLimitSchedule. */
import { find } from '../../../app/gateway/find.ts'
import { presentInterval } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'GetBandwidthRateLimitSchedule'>({
  handle: async (ctx, input) => {
    const { bandwidth } = await find(ctx, 'backupGateway', input.GatewayArn!)
    return {
      GatewayArn: input.GatewayArn,
      BandwidthRateLimitIntervals: bandwidth.map(presentInterval),
    }
  },
})
