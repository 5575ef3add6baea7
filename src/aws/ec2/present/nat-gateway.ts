/** NAT gateways as EC2 shows them. */
import type {
  NatGateway as Ec2NatGateway,
  NatGatewayAddress,
  NatGatewayAddressStatus,
  NatGatewayState,
} from '@aws-sdk/client-ec2'
import { natAddresses, type NatAddress, type NatGateway } from '../../../domain/network.ts'
import { tagList } from '../tags.ts'

export function natGatewayStateOf({ deletedAt }: NatGateway): NatGatewayState {
  return deletedAt === null ? 'available' : 'deleted'
}

export function natGatewayShape(
  gateway: NatGateway,
  State: NatGatewayState = natGatewayStateOf(gateway),
): Ec2NatGateway {
  const { address, deletedAt } = gateway
  const [primary, ...secondary] = natAddresses(gateway)
  return {
    NatGatewayId: gateway.id,
    VpcId: gateway.vpcId,
    SubnetId: gateway.subnetId,
    ConnectivityType: address ? 'public' : 'private',
    State,
    CreateTime: new Date(gateway.createdAt),
    ...(deletedAt !== null && { DeleteTime: new Date(deletedAt) }),
    NatGatewayAddresses: [
      natAddressShape(gateway, primary!, { isPrimary: true }),
      ...secondary.map((each) => natAddressShape(gateway, each)),
    ],
    Tags: tagList(gateway.tags),
  }
}

export function natAddressShape(
  { interfaceId }: NatGateway,
  { privateAddress, association }: NatAddress,
  how: { isPrimary?: boolean; status?: NatGatewayAddressStatus } = {},
): NatGatewayAddress {
  return {
    ...(association && {
      AllocationId: association.allocationId,
      AssociationId: association.id,
      PublicIp: association.publicAddress,
    }),
    NetworkInterfaceId: interfaceId,
    PrivateIp: privateAddress,
    IsPrimary: how.isPrimary ?? false,
    Status: how.status ?? 'succeeded',
  }
}
