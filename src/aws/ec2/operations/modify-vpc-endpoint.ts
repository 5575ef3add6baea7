/** ModifyVpcEndpoint: its subnets, groups, private name and policy. */
import type { ModifyVpcEndpointRequest } from '@aws-sdk/client-ec2'
import { endpointPolicyChecked } from '../../../app/network/endpoint-policies.ts'
import { endpointModify } from '../../../app/network/vpc-endpoints.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { endpointFeatures } from '../endpoint-services.ts'

export default changing<'ModifyVpcEndpoint', void>({
  change: (ctx, input) => {
    refuseFeatures('ModifyVpcEndpoint', {
      'route tables': [...(input.AddRouteTableIds ?? []), ...(input.RemoveRouteTableIds ?? [])],
      ...endpointFeatures(input),
    })
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
      policy: policyOf(input),
    })
  },
  answer: () => ({ Return: true }),
})

/** null: it stays. */
function policyOf({ PolicyDocument, ResetPolicy }: Readonly<ModifyVpcEndpointRequest>) {
  if (ResetPolicy && PolicyDocument) {
    const parameters = ['ResetPolicy', 'PolicyDocument']
    const reason = 'Give a policy or reset it, not both'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (ResetPolicy) return { document: undefined }
  return PolicyDocument ? { document: endpointPolicyChecked(PolicyDocument) } : null
}
