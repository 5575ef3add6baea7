/** Our kinds in AWS's words (`ResourceType`), for tags and their filters. */
import type { ResourceType } from '@aws-sdk/client-ec2'
import type { TagEntry } from '../../app/tags.ts'

export const RESOURCE_TYPES: Record<TagEntry['kind'], ResourceType> = {
  instance: 'instance',
  volume: 'volume',
  snapshot: 'snapshot',
  image: 'image',
  keyPair: 'key-pair',
  vpc: 'vpc',
  subnet: 'subnet',
  routeTable: 'route-table',
  internetGateway: 'internet-gateway',
  egressOnlyGateway: 'egress-only-internet-gateway',
  securityGroup: 'security-group',
  securityGroupRule: 'security-group-rule',
  networkAcl: 'network-acl',
  dhcpOptions: 'dhcp-options',
  networkInterface: 'network-interface',
  elasticAddress: 'elastic-ip',
  natGateway: 'natgateway',
  prefixList: 'prefix-list',
  vpcEndpoint: 'vpc-endpoint',
  subnetReservation: 'subnet-cidr-reservation',
  insightsPath: 'network-insights-path',
  insightsAnalysis: 'network-insights-analysis',
  launchTemplate: 'launch-template',
  placementGroup: 'placement-group',
  vpcPeering: 'vpc-peering-connection',
}
