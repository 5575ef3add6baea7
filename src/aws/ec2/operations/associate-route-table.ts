/** AssociateRouteTable: with a subnet. Associations with gateways are not served. */
import { routeTableAssociate } from '../../../app/network/route-tables.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { RouteTableAssociation } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'

export default changing<'AssociateRouteTable', RouteTableAssociation>({
  change: (ctx, input) => {
    refuseFeatures('AssociateRouteTable', {
      GatewayId: input.GatewayId,
      PublicIpv4Pool: input.PublicIpv4Pool,
    })
    const { SubnetId: subnetId } = input
    if (!subnetId) throw new FaultError({ type: 'MissingParameter', parameter: 'subnetId' })
    const tableId = parseId('routeTable', input.RouteTableId!)
    return routeTableAssociate(ctx, tableId, parseId('subnet', subnetId))
  },
  answer: ({ id }) => ({ AssociationId: id, AssociationState: { State: 'associated' } }),
})
