/** Route tables as EC2 shows them. */
import type { Route as Ec2Route, RouteTable as Ec2RouteTable } from '@aws-sdk/client-ec2'
import { isPrefixListId } from '../../../app/network/prefix-lists.ts'
import { routeStateOf, type RouteTargets } from '../../../app/network/routes.ts'
import { isIpv6 } from '../../../domain/net/blocks.ts'
import type { Route, RouteTable } from '../../../domain/network.ts'
import { tagList } from '../tags.ts'

/** For a new table, whose routes are all local. */
export const NO_TARGETS: RouteTargets = {
  gateways: new Map(),
  egressOnly: new Map(),
  interfaces: new Map(),
  natGateways: new Map(),
  peerings: new Map(),
}

export function routeShape(table: RouteTable, route: Route, targets: RouteTargets): Ec2Route {
  return {
    ...destinationShape(route.destination),
    ...targetShape(route, targets),
    Origin: route.origin,
    State: routeStateOf(table, route, targets),
  }
}

function destinationShape(destination: string): Ec2Route {
  if (isPrefixListId(destination)) return { DestinationPrefixListId: destination }
  return isIpv6(destination)
    ? { DestinationIpv6CidrBlock: destination }
    : { DestinationCidrBlock: destination }
}

function targetShape({ target }: Route, targets: RouteTargets): Ec2Route {
  if (target.type === 'local') return { GatewayId: 'local' }
  if (target.type === 'internetGateway') return { GatewayId: target.id }
  if (target.type === 'natGateway') return { NatGatewayId: target.id }
  if (target.type === 'egressOnlyGateway') return { EgressOnlyInternetGatewayId: target.id }
  if (target.type === 'peering') return { VpcPeeringConnectionId: target.id }
  const one = targets.interfaces.get(target.id)
  return {
    NetworkInterfaceId: target.id,
    ...(one?.attachment && {
      InstanceId: one.attachment.instanceId,
      InstanceOwnerId: one.account,
    }),
  }
}

export function routeTableShape(table: RouteTable, targets: RouteTargets): Ec2RouteTable {
  return {
    RouteTableId: table.id,
    OwnerId: table.account,
    VpcId: table.vpcId,
    Routes: table.routes.map((route) => routeShape(table, route, targets)),
    Associations: table.associations.map(({ id, subnetId }) => ({
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      Main: subnetId === null,
      ...(subnetId !== null && { SubnetId: subnetId }),
      AssociationState: { State: 'associated' },
    })),
    PropagatingVgws: [],
    Tags: tagList(table.tags),
  }
}
