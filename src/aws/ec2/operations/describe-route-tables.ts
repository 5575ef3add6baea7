/** DescribeRouteTables. Filters about routes look at the answer itself. */
import type { RouteTable as Ec2RouteTable } from '@aws-sdk/client-ec2'
import { routeTableViews } from '../../../app/network/routes.ts'
import { parseId } from '../../../domain/ids.ts'
import type { RouteTable } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { routeTableShape } from '../present/route-table.ts'

interface ShownTable {
  table: RouteTable
  shape: Ec2RouteTable
}

const NONE = (): [] => []

export default operation<'ec2', 'DescribeRouteTables', ShownTable>({
  filters: {
    'association.main': ({ table }) => table.associations.map((each) => each.subnetId === null),
    'association.route-table-association-id': ({ table }) => table.associations.map((a) => a.id),
    'association.route-table-id': ({ table }) => table.associations.map(() => table.id),
    'association.subnet-id': ({ table }) => table.associations.map((each) => each.subnetId),
    'owner-id': ({ table }) => table.account,
    'route-table-id': ({ table }) => table.id,
    'route.destination-cidr-block': ({ shape }) =>
      shape.Routes!.map((route) => route.DestinationCidrBlock),
    'route.destination-prefix-list-id': ({ shape }) =>
      shape.Routes!.map((route) => route.DestinationPrefixListId),
    'route.destination-ipv6-cidr-block': ({ shape }) =>
      shape.Routes!.map((route) => route.DestinationIpv6CidrBlock),
    'route.egress-only-internet-gateway-id': ({ shape }) =>
      shape.Routes!.map((route) => route.EgressOnlyInternetGatewayId),
    'route.gateway-id': ({ shape }) => shape.Routes!.map((route) => route.GatewayId),
    'route.instance-id': ({ shape }) => shape.Routes!.map((route) => route.InstanceId),
    'route.nat-gateway-id': ({ shape }) => shape.Routes!.map((route) => route.NatGatewayId),
    'route.vpc-peering-connection-id': ({ shape }) =>
      shape.Routes!.map((route) => route.VpcPeeringConnectionId),
    'route.origin': ({ table }) => table.routes.map((route) => route.origin),
    'route.state': ({ shape }) => shape.Routes!.map((route) => route.State),
    'vpc-id': ({ table }) => table.vpcId,
    // Nothing that a route or an association could have of these.
    'association.gateway-id': NONE,
    'route.transit-gateway-id': NONE,
  },
  tagsOf: ({ table }) => table.tags,
  handle: async (ctx, input, call) => {
    const ids = (input.RouteTableIds ?? []).map((id) => parseId('routeTable', id))
    const { tables, targets } = await routeTableViews(ctx, ids)
    const shown = tables.map((table) => ({ table, shape: routeTableShape(table, targets) }))
    const page = call.page(call.filter(shown), { key: ({ table }) => table.id })
    return { RouteTables: page.items.map(({ shape }) => shape), NextToken: page.nextToken }
  },
})
