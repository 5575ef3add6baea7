/** ReplaceRouteTableAssociation: another table for a subnet, or another main table for the VPC. */
import { routeTableReassociate } from '../../../app/network/route-tables.ts'
import { parseId } from '../../../domain/ids.ts'
import type { RouteTableAssociation } from '../../../domain/network.ts'
import { changing } from '../changing.ts'

export default changing<'ReplaceRouteTableAssociation', RouteTableAssociation>({
  change: (ctx, input) =>
    routeTableReassociate(
      ctx,
      parseId('routeTableAssociation', input.AssociationId!),
      parseId('routeTable', input.RouteTableId!),
    ),
  answer: ({ id }) => ({ NewAssociationId: id, AssociationState: { State: 'associated' } }),
})
