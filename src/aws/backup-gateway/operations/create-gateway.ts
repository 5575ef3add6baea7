/** CreateGateway: this Brume is the gateway, a key of `./brume gateway key` the proof that its owner agrees. */
import { arnOf } from '../../../app/gateway/find.ts'
import { gatewayCreate } from '../../../app/gateway/gateways.ts'
import { gatewayTags } from '../../../app/gateway/machines.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'CreateGateway'>({
  handle: async (ctx, input) => {
    const gateway = await gatewayCreate(ctx, {
      activationKey: input.ActivationKey!,
      name: input.GatewayDisplayName!,
      tags: gatewayTags(input.Tags),
    })
    return { GatewayArn: arnOf('backupGateway', gateway) }
  },
})
