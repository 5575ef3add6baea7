/** DescribeRouteTables. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { InternetGateway, RouteTable } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { routeGatewayOf, routeStateOf, routeTableShape } from '../present/vpc.ts'

interface TableWithGateways {
  table: RouteTable
  gateways: ReadonlyMap<string, InternetGateway>
}

const NONE = (): [] => []

export default operation<'ec2', 'DescribeRouteTables', TableWithGateways>({
  filters: {
    'association.main': ({ table }) => table.associations.map((each) => each.subnetId === null),
    'association.route-table-association-id': ({ table }) => table.associations.map((a) => a.id),
    'association.route-table-id': ({ table }) => table.associations.map(() => table.id),
    'association.subnet-id': ({ table }) => table.associations.map((each) => each.subnetId),
    'owner-id': ({ table }) => table.account,
    'route-table-id': ({ table }) => table.id,
    'route.destination-cidr-block': ({ table }) => table.routes.map((route) => route.destination),
    'route.gateway-id': ({ table }) => table.routes.map(routeGatewayOf),
    'route.origin': ({ table }) => table.routes.map((route) => route.origin),
    'route.state': ({ table, gateways }) =>
      table.routes.map((route) => routeStateOf(table, route, gateways)),
    'vpc-id': ({ table }) => table.vpcId,
    // Routes lead to the VPC itself or to an internet gateway; there is nothing else yet.
    'association.gateway-id': NONE,
    'route.destination-ipv6-cidr-block': NONE,
    'route.destination-prefix-list-id': NONE,
    'route.egress-only-internet-gateway-id': NONE,
    'route.instance-id': NONE,
    'route.nat-gateway-id': NONE,
    'route.transit-gateway-id': NONE,
    'route.vpc-peering-connection-id': NONE,
  },
  tagsOf: ({ table }) => table.tags,
  handle: async (ctx, input, call) => {
    const ids = (input.RouteTableIds ?? []).map((id) => parseId('routeTable', id))
    const [tables, list] = await Promise.all([
      ownList(ctx, 'routeTable', ids),
      ownList(ctx, 'internetGateway'),
    ])
    const gateways = new Map<string, InternetGateway>(list.map((gateway) => [gateway.id, gateway]))
    const found = call.filter(tables.map((table) => ({ table, gateways })))
    const page = call.page(found, { key: ({ table }) => table.id })
    return {
      RouteTables: page.items.map(({ table }) => routeTableShape(table, gateways)),
      NextToken: page.nextToken,
    }
  },
})
