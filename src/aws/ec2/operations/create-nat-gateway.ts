/** CreateNatGateway: public or private, in the zone of its subnet. */
import type { CreateNatGatewayRequest } from '@aws-sdk/client-ec2'
import { natGatewayCreate, type NatGatewayRequest } from '../../../app/network/nat-gateways.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { NatGateway } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { natSecondaryOf } from '../nat-addresses.ts'
import { natGatewayShape } from '../present/nat-gateway.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateNatGateway', NatGateway>({
  change: (ctx, input) => natGatewayCreate(ctx, requestOf(input)),
  // The hosts are being told; whoever asks again finds it available.
  answer: (gateway, _ctx, input) => ({
    NatGateway: natGatewayShape(gateway, 'pending'),
    ClientToken: input.ClientToken,
  }),
})

function requestOf(input: Readonly<CreateNatGatewayRequest>): NatGatewayRequest {
  refuseFeatures('CreateNatGateway', {
    'AvailabilityMode regional': input.AvailabilityMode === 'regional',
    AvailabilityZoneAddresses: input.AvailabilityZoneAddresses,
  })
  const { SubnetId: subnetId, AllocationId: allocationId } = input
  if (!subnetId) throw new FaultError({ type: 'MissingParameter', parameter: 'SubnetId' })
  const isPrivate = input.ConnectivityType === 'private'
  if (isPrivate && allocationId) {
    const parameters = ['ConnectivityType', 'AllocationId']
    const reason = 'You cannot specify AllocationId for a private NAT gateway'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (!isPrivate && !allocationId) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'AllocationId' })
  }
  return {
    subnetId: parseId('subnet', subnetId),
    allocationId: allocationId ? parseId('elasticAddress', allocationId) : null,
    privateAddress: input.PrivateIpAddress ?? null,
    secondary: natSecondaryOf(input, isPrivate),
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'natgateway'),
  }
}
