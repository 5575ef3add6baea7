/** CreateVpcEndpoint: of the interface kind, to a service that is served here. */
import type { CreateVpcEndpointRequest } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../../app/context.ts'
import { endpointPolicyChecked } from '../../../app/network/endpoint-policies.ts'
import {
  endpointCreate,
  endpointViews,
  type EndpointRequest,
} from '../../../app/network/vpc-endpoints.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { VpcEndpoint } from '../../../domain/vpc-endpoint.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { endpointFeatures, endpointServiceNamed } from '../endpoint-services.ts'
import { vpcEndpointShape } from '../present/vpc-endpoint.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateVpcEndpoint', VpcEndpoint>({
  change: (ctx, input) => endpointCreate(ctx, requestOf(ctx, input)),
  answer: async (endpoint, ctx, input) => {
    const [view] = await endpointViews(ctx, [endpoint.id])
    return { VpcEndpoint: vpcEndpointShape(view!, 'pending'), ClientToken: input.ClientToken }
  },
})

function requestOf(ctx: Ctx, input: Readonly<CreateVpcEndpointRequest>): EndpointRequest {
  if (!input.ServiceName)
    throw new FaultError({ type: 'MissingParameter', parameter: 'ServiceName' })
  const service = endpointServiceNamed(ctx.region, input.ServiceName)
  const { VpcEndpointType: type = 'Gateway' } = input
  if (type !== 'Interface') {
    // Only S3 and DynamoDB have gateways, and neither is here.
    const message = `Endpoint type (${type}) does not match available service types ([Interface]).`
    throw new FaultError({ type: 'Service', code: 'InvalidParameter', message })
  }
  const policyDocument = endpointPolicyChecked(input.PolicyDocument)
  refuseFeatures('CreateVpcEndpoint', {
    RouteTableIds: input.RouteTableIds,
    ServiceNetworkArn: input.ServiceNetworkArn,
    ResourceConfigurationArn: input.ResourceConfigurationArn,
    ...endpointFeatures(input),
    'a ServiceRegion': input.ServiceRegion && input.ServiceRegion !== ctx.region,
  })
  const addresses = new Map(
    (input.SubnetConfigurations ?? []).map((each) => [each.SubnetId, each.Ipv4]),
  )
  const subnetIds = new Set([...(input.SubnetIds ?? []), ...addresses.keys()])
  return {
    vpcId: parseId('vpc', input.VpcId!),
    ...service,
    hasPrivateDns: input.PrivateDnsEnabled ?? true,
    ...(policyDocument !== undefined && { policyDocument }),
    subnets: [...subnetIds].map((id) => ({
      subnetId: parseId('subnet', id ?? ''),
      address: addresses.get(id) ?? null,
    })),
    groupIds: (input.SecurityGroupIds ?? []).map((id) => parseId('securityGroup', id)),
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'vpc-endpoint'),
  }
}
