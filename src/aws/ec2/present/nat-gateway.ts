/** NAT gateways as EC2 shows them. */
import type { NatGateway as Ec2NatGateway, NatGatewayState } from '@aws-sdk/client-ec2'
import type { NatGateway } from '../../../domain/network.ts'
import { tagList } from '../tags.ts'

export function natGatewayStateOf({ deletedAt }: NatGateway): NatGatewayState {
  return deletedAt === null ? 'available' : 'deleted'
}

export function natGatewayShape(
  gateway: NatGateway,
  State: NatGatewayState = natGatewayStateOf(gateway),
): Ec2NatGateway {
  const { address, deletedAt } = gateway
  return {
    NatGatewayId: gateway.id,
    VpcId: gateway.vpcId,
    SubnetId: gateway.subnetId,
    ConnectivityType: address ? 'public' : 'private',
    State,
    CreateTime: new Date(gateway.createdAt),
    ...(deletedAt !== null && { DeleteTime: new Date(deletedAt) }),
    NatGatewayAddresses: [
      {
        ...(address && {
          AllocationId: address.allocationId,
          AssociationId: address.id,
          PublicIp: address.publicAddress,
        }),
        NetworkInterfaceId: gateway.interfaceId,
        PrivateIp: gateway.privateAddress ?? address?.privateAddress,
        IsPrimary: true,
        Status: 'succeeded',
      },
    ],
    Tags: tagList(gateway.tags),
  }
}
