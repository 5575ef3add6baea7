/** Names of elastic addresses in reverse DNS, as EC2 shows them. */
import type { AddressAttribute } from '@aws-sdk/client-ec2'
import type { ElasticAddress } from '../../domain/network.ts'

/** Without `PtrRecordUpdate`: a change is in force when it is answered. */
export function presentAddressAttribute(address: ElasticAddress): AddressAttribute {
  const { id, publicAddress, reverseName } = address
  return {
    AllocationId: id,
    PublicIp: publicAddress,
    ...(reverseName && { PtrRecord: reverseName }),
  }
}
