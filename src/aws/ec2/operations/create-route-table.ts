/** CreateRouteTable: with the local routes of the VPC. */
import { routeTableCreate } from '../../../app/network/route-tables.ts'
import { parseId } from '../../../domain/ids.ts'
import type { RouteTable } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { NO_TARGETS, routeTableShape } from '../present/route-table.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateRouteTable', RouteTable>({
  change: (ctx, input) =>
    routeTableCreate(ctx, {
      vpcId: parseId('vpc', input.VpcId!),
      clientToken: input.ClientToken ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'route-table'),
    }),
  answer: (table, _ctx, input) => ({
    RouteTable: routeTableShape(table, NO_TARGETS),
    ClientToken: input.ClientToken,
  }),
})
