/** CreateDefaultSubnet: in a zone whose default subnet was deleted. */
import { defaultSubnetCreate } from '../../../app/network/subnets.ts'
import { subnetFreeAddresses } from '../../../app/network/vpc-attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import type { Subnet } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { subnetShape } from '../present/vpc.ts'
import { zoneOf } from '../zone-parameter.ts'

export default changing<'CreateDefaultSubnet', Subnet>({
  change: (ctx, input) => {
    refuseFeatures('CreateDefaultSubnet', { Ipv6Native: input.Ipv6Native })
    const zone = zoneOf(input)
    if (zone) return defaultSubnetCreate(ctx, zone)
    throw new FaultError({ type: 'MissingParameter', parameter: 'AvailabilityZone' })
  },
  answer: async (subnet, ctx) => {
    return { Subnet: subnetShape(subnet, await subnetFreeAddresses(ctx, subnet)) }
  },
})
