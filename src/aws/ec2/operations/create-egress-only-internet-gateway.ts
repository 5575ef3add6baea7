/** CreateEgressOnlyInternetGateway. */
import { egressOnlyCreate } from '../../../app/network/egress-only-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import type { EgressOnlyGateway } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { egressOnlyShape } from '../present/vpc.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateEgressOnlyInternetGateway', EgressOnlyGateway>({
  change: (ctx, input) =>
    egressOnlyCreate(ctx, {
      vpcId: parseId('vpc', input.VpcId!),
      clientToken: input.ClientToken ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'egress-only-internet-gateway'),
    }),
  answer: (gateway, _ctx, input) => ({
    EgressOnlyInternetGateway: egressOnlyShape(gateway),
    ClientToken: input.ClientToken,
  }),
})
