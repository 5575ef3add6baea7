/** AllocateAddress: an address of the pool, kept until it is released. */
import { elasticAddressAllocate } from '../../../app/network/elastic-addresses.ts'
import { invalidValue } from '../../../domain/faults.ts'
import type { ElasticAddress } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { PUBLIC_POOL } from '../present/elastic-address.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'AllocateAddress', ElasticAddress>({
  change: (ctx, input) => {
    const { PublicIpv4Pool: pool, NetworkBorderGroup: group } = input
    refuseFeatures('AllocateAddress', {
      CustomerOwnedIpv4Pool: input.CustomerOwnedIpv4Pool,
      IpamPoolId: input.IpamPoolId,
      'an address pool of your own': pool !== undefined && pool !== PUBLIC_POOL,
    })
    if (group !== undefined && group !== ctx.region) {
      throw invalidValue('NetworkBorderGroup', group, `the only one is ${ctx.region}`)
    }
    return elasticAddressAllocate(ctx, {
      wanted: input.Address ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'elastic-ip'),
    })
  },
  answer: (address) => ({
    AllocationId: address.id,
    PublicIp: address.publicAddress,
    PublicIpv4Pool: PUBLIC_POOL,
    NetworkBorderGroup: address.region,
    Domain: 'vpc',
  }),
})
