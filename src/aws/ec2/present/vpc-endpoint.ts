/** VPC endpoints as EC2 shows them. */
import type { DnsEntry, VpcEndpoint as Ec2VpcEndpoint } from '@aws-sdk/client-ec2'
import type { EndpointView } from '../../../app/network/vpc-endpoints.ts'
import { endpointNames, vpceDomain } from '../../../domain/vpc-endpoint.ts'
import { tagList } from '../tags.ts'

/** AWS's, of an endpoint that was given none. */
const FULL_ACCESS = JSON.stringify({
  Statement: [{ Action: '*', Effect: 'Allow', Principal: '*', Resource: '*' }],
})

export function vpcEndpointShape(view: EndpointView, state = 'available'): Ec2VpcEndpoint {
  const { endpoint, interfaces, groupNames } = view
  return {
    VpcEndpointId: endpoint.id,
    VpcEndpointType: 'Interface',
    VpcId: endpoint.vpcId,
    ServiceName: endpoint.serviceName,
    // EC2 says it in small letters, whatever its model says.
    State: state as 'Available',
    PolicyDocument: endpoint.policyDocument ?? FULL_ACCESS,
    RouteTableIds: [],
    SubnetIds: interfaces.map((one) => one.subnetId),
    Groups: endpoint.groupIds.map((GroupId) => ({ GroupId, GroupName: groupNames.get(GroupId) })),
    IpAddressType: 'ipv4',
    DnsOptions: { DnsRecordIpType: 'ipv4' },
    PrivateDnsEnabled: endpoint.hasPrivateDns,
    RequesterManaged: false,
    NetworkInterfaceIds: interfaces.map((one) => one.id),
    DnsEntries: dnsEntries(view),
    CreationTimestamp: new Date(endpoint.createdAt),
    Tags: tagList(endpoint.tags),
    OwnerId: endpoint.account,
    ServiceRegion: endpoint.region,
  }
}

function dnsEntries({ endpoint, interfaces }: EndpointView): DnsEntry[] {
  const zonal = interfaces.map(
    (one) => `${endpoint.id}-${endpoint.label}-${one.zone}.${vpceDomain(endpoint)}`,
  )
  const [own, ...shared] = endpointNames(endpoint)
  return [own!, ...zonal, ...shared].map((DnsName) => ({ DnsName }))
}
