/** ModifyVpcEndpoint: its subnets, groups and private name. */
import { endpointModify } from '../../../app/network/vpc-endpoints.ts'
import { parseId } from '../../../domain/ids.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { mustBeFullAccess } from '../endpoint-policy.ts'

export default changing<'ModifyVpcEndpoint', void>({
  change: (ctx, input) => {
    refuseFeatures('ModifyVpcEndpoint', {
      'route tables': [...(input.AddRouteTableIds ?? []), ...(input.RemoveRouteTableIds ?? [])],
      'IPv6 addresses': input.IpAddressType !== undefined && input.IpAddressType !== 'ipv4',
    })
    mustBeFullAccess(input.PolicyDocument)
    const addresses = new Map(
      (input.SubnetConfigurations ?? []).map((each) => [each.SubnetId, each.Ipv4]),
    )
    return endpointModify(ctx, parseId('vpcEndpoint', input.VpcEndpointId!), {
      addSubnets: (input.AddSubnetIds ?? []).map((id) => {
        return { subnetId: parseId('subnet', id), address: addresses.get(id) ?? null }
      }),
      removeSubnets: (input.RemoveSubnetIds ?? []).map((id) => parseId('subnet', id)),
      addGroups: (input.AddSecurityGroupIds ?? []).map((id) => parseId('securityGroup', id)),
      removeGroups: (input.RemoveSecurityGroupIds ?? []).map((id) => parseId('securityGroup', id)),
      hasPrivateDns: input.PrivateDnsEnabled ?? null,
    })
  },
  answer: () => ({ Return: true }),
})
