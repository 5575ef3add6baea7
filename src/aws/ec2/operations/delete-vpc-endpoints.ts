/** DeleteVpcEndpoints: those that there are; the others are named. */
import { endpointsDelete } from '../../../app/network/vpc-endpoints.ts'
import { parseId, type IdOf } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteVpcEndpoints', IdOf<'vpcEndpoint'>[]>({
  change: (ctx, input) =>
    endpointsDelete(
      ctx,
      input.VpcEndpointIds!.map((id) => parseId('vpcEndpoint', id)),
    ),
  answer: (missing) => ({
    Unsuccessful: missing.map((id) => ({
      ResourceId: id,
      Error: {
        Code: 'InvalidVpcEndpoint.NotFound',
        Message: `The Vpc Endpoint Id '${id}' does not exist`,
      },
    })),
  }),
})
