/** Elastic addresses as EC2 shows them. */
import type { Address } from '@aws-sdk/client-ec2'
import type { ElasticAddressView } from '../../../app/network/elastic-addresses.ts'
import { tagList } from '../tags.ts'

/** AWS's name for its own addresses. */
export const PUBLIC_POOL = 'amazon'

export function elasticAddressShape(view: ElasticAddressView): Address {
  const { address, association, networkInterface } = view
  return {
    AllocationId: address.id,
    PublicIp: address.publicAddress,
    PublicIpv4Pool: PUBLIC_POOL,
    NetworkBorderGroup: address.region,
    Domain: 'vpc',
    ...(association &&
      networkInterface && {
        AssociationId: association.id,
        InstanceId: networkInterface.attachment?.instanceId,
        NetworkInterfaceId: networkInterface.id,
        NetworkInterfaceOwnerId: networkInterface.account,
        PrivateIpAddress: association.privateAddress,
      }),
    Tags: tagList(address.tags),
  }
}
