/** PutMaintenanceStartTime. */
import { maintenancePut } from '../../../app/gateway/gateways.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'PutMaintenanceStartTime'>({
  handle: async (ctx, input) => {
    await maintenancePut(ctx, input.GatewayArn!, {
      hour: input.HourOfDay!,
      minute: input.MinuteOfHour!,
      dayOfWeek: input.DayOfWeek ?? null,
      dayOfMonth: input.DayOfMonth ?? null,
    })
    return { GatewayArn: input.GatewayArn }
  },
})
