/** Routes in requests: a destination and exactly one target. */
import type { CreateRouteRequest, ReplaceRouteRequest } from '@aws-sdk/client-ec2'
import type { RouteRequest, RouteTargetRequest } from '../../app/network/routes.ts'
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'
import { cidr6Canonical } from '../../domain/net/cidr6.ts'
import { refuseFeatures } from './absent-features.ts'

type Input = Readonly<CreateRouteRequest & Pick<ReplaceRouteRequest, 'LocalTarget'>>

export function routeRequestOf(operation: string, input: Input): RouteRequest {
  return {
    tableId: parseId('routeTable', input.RouteTableId!),
    destination: destinationOf(input),
    target: targetOf(operation, input),
  }
}

export function destinationOf(
  input: Pick<
    Input,
    'DestinationCidrBlock' | 'DestinationIpv6CidrBlock' | 'DestinationPrefixListId'
  >,
): string {
  const {
    DestinationCidrBlock: cidr,
    DestinationIpv6CidrBlock: cidr6,
    DestinationPrefixListId: list,
  } = input
  if ([cidr, cidr6, list].filter(Boolean).length > 1) {
    const parameters = [
      'DestinationCidrBlock',
      'DestinationIpv6CidrBlock',
      'DestinationPrefixListId',
    ]
    const reason = 'A route has exactly one destination'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (list) return parseId('prefixList', list)
  if (cidr6) return cidr6Canonical(cidr6, 'destinationIpv6CidrBlock')
  if (cidr?.includes(':')) throw invalidValue('destinationCidrBlock', cidr, 'not an IPv4 block')
  if (cidr) return cidr
  throw new FaultError({ type: 'MissingParameter', parameter: 'destinationCidrBlock' })
}

function targetOf(operation: string, input: Input): RouteTargetRequest {
  refuseFeatures(operation, {
    VpcEndpointId: input.VpcEndpointId,
    TransitGatewayId: input.TransitGatewayId,
    LocalGatewayId: input.LocalGatewayId,
    CarrierGatewayId: input.CarrierGatewayId,
    CoreNetworkArn: input.CoreNetworkArn,
    OdbNetworkArn: input.OdbNetworkArn,
  })
  const targets: RouteTargetRequest[] = []
  if (input.GatewayId) targets.push(gatewayOf(operation, input.GatewayId))
  if (input.NatGatewayId) {
    targets.push({ type: 'natGateway', id: parseId('natGateway', input.NatGatewayId) })
  }
  if (input.EgressOnlyInternetGatewayId) {
    const id = parseId('egressOnlyGateway', input.EgressOnlyInternetGatewayId)
    targets.push({ type: 'egressOnlyGateway', id })
  }
  if (input.VpcPeeringConnectionId) {
    targets.push({ type: 'peering', id: parseId('vpcPeering', input.VpcPeeringConnectionId) })
  }
  if (input.InstanceId) {
    targets.push({ type: 'instance', id: parseId('instance', input.InstanceId) })
  }
  if (input.NetworkInterfaceId) {
    const id = parseId('networkInterface', input.NetworkInterfaceId)
    targets.push({ type: 'networkInterface', id })
  }
  if (input.LocalTarget) targets.push({ type: 'local' })
  const [target, ...others] = targets
  if (!target) {
    const hint = 'give one target, such as gatewayId'
    throw new FaultError({ type: 'MissingParameter', parameter: 'gatewayId', hint })
  }
  if (others.length > 0) {
    const parameters = [
      'GatewayId',
      'NatGatewayId',
      'EgressOnlyInternetGatewayId',
      'InstanceId',
      'NetworkInterfaceId',
      'VpcPeeringConnectionId',
      'LocalTarget',
    ]
    const reason = 'A route has exactly one target'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  return target
}

function gatewayOf(operation: string, id: string): RouteTargetRequest {
  if (id === 'local') return { type: 'local' }
  if (id.startsWith('igw-')) {
    return { type: 'internetGateway', id: parseId('internetGateway', id) }
  }
  refuseFeatures(operation, { 'a virtual private gateway': id.startsWith('vgw-') })
  refuseFeatures(operation, { 'a gateway endpoint': id.startsWith('vpce-') })
  throw notFound('gateway', id)
}
