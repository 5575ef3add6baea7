/** CreateInternetGateway. */
import { gatewayCreate } from '../../../app/network/internet-gateways.ts'
import type { InternetGateway } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { internetGatewayShape } from '../present/vpc.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateInternetGateway', InternetGateway>({
  change: (ctx, input) =>
    gatewayCreate(ctx, tagsOfSpecifications(input.TagSpecifications, 'internet-gateway')),
  answer: (gateway) => ({ InternetGateway: internetGatewayShape(gateway) }),
})
