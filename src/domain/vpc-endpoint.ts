/** VPC endpoints of the interface kind: a service of ours at private addresses of a VPC. */
import type { IdOf, NetworkInterfaceId, SecurityGroupId, VpcId } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface VpcEndpoint extends ResourceBase<IdOf<'vpcEndpoint'>> {
  vpcId: VpcId
  /** `com.amazonaws.us-east-1.ec2`. */
  serviceName: string
  /** The name that the service has by itself: `ec2.us-east-1.amazonaws.com`. */
  privateDnsName: string
  hasPrivateDns: boolean
  /** In its own names, so that nobody guesses them. */
  label: string
  groupIds: readonly SecurityGroupId[]
  /** As it was given. Absent: everything is allowed to everybody. */
  policyDocument?: string
  /** One a zone. */
  interfaceIds: readonly NetworkInterfaceId[]
}

/** The names that lead to it in its VPC, without those of single zones. */
export function endpointNames(endpoint: VpcEndpoint): string[] {
  const own = `${endpoint.id}-${endpoint.label}.${vpceDomain(endpoint)}`
  return endpoint.hasPrivateDns ? [own, endpoint.privateDnsName] : [own]
}

/** `ec2.us-east-1.vpce.amazonaws.com`. */
export function vpceDomain({ privateDnsName }: VpcEndpoint): string {
  return privateDnsName.replace(/\.amazonaws\.com$/, '.vpce.amazonaws.com')
}
