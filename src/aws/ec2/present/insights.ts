/** Network Insights paths and analyses as EC2 shows them. Codes: Reachability Analyzer guide, "Explanation codes". */
import type {
  AnalysisPacketHeader,
  Explanation,
  NetworkInsightsAnalysis,
  NetworkInsightsPath,
  PathComponent,
} from '@aws-sdk/client-ec2'
import type { Analysis } from '../../../app/network/insights.ts'
import type { Block, BlockKind, Hop, Packet } from '../../../domain/reach.ts'
import type { InsightsPath } from '../../../domain/network-insights.ts'
import type { ResourceBase } from '../../../domain/resource.ts'
import { tagList } from '../tags.ts'

function arnOf({ account, region }: ResourceBase<string>, type: string, id: string): string {
  return `arn:aws:ec2:${region}:${account}:${type}/${id}`
}

const TYPES: Readonly<Record<string, string>> = {
  i: 'instance',
  eni: 'network-interface',
  igw: 'internet-gateway',
  eigw: 'egress-only-internet-gateway',
  sg: 'security-group',
  acl: 'network-acl',
  rtb: 'route-table',
  nat: 'natgateway',
  pcx: 'vpc-peering-connection',
  subnet: 'subnet',
}

function typeOf(id: string): string | undefined {
  const prefix = id.slice(0, Math.max(0, id.lastIndexOf('-')))
  return Object.hasOwn(TYPES, prefix) ? TYPES[prefix] : undefined
}

export function insightsPathShape(path: InsightsPath): NetworkInsightsPath {
  const isFiltered = (name: InsightsPath['filtered'][number]) => path.filtered.includes(name)
  const { destinationPort: port } = path
  const ends = [path.source, path.destination].map(
    (id) => id && arnOf(path, typeOf(id) ?? 'resource', id),
  )
  const filter = {
    ...(isFiltered('sourceIp') && { SourceAddress: path.sourceIp! }),
    ...(isFiltered('destinationIp') && { DestinationAddress: path.destinationIp! }),
    ...(isFiltered('destinationPort') && {
      DestinationPortRange: { FromPort: port!, ToPort: port! },
    }),
  }
  return {
    NetworkInsightsPathId: path.id,
    NetworkInsightsPathArn: arnOf(path, 'network-insights-path', path.id),
    CreatedDate: new Date(path.createdAt),
    Source: path.source,
    SourceArn: ends[0]!,
    ...(path.destination && { Destination: path.destination, DestinationArn: ends[1]! }),
    ...(path.sourceIp && !isFiltered('sourceIp') && { SourceIp: path.sourceIp }),
    ...(path.destinationIp &&
      !isFiltered('destinationIp') && { DestinationIp: path.destinationIp }),
    Protocol: path.protocol,
    ...(port !== null && !isFiltered('destinationPort') && { DestinationPort: port }),
    ...(Object.keys(filter).length > 0 && { FilterAtSource: filter }),
    Tags: tagList(path.tags),
  }
}

export function insightsAnalysisShape(
  analysis: Analysis,
  Status: NetworkInsightsAnalysis['Status'] = 'succeeded',
): NetworkInsightsAnalysis {
  const { isReachable, forward, back, blocks } = analysis.result
  return {
    NetworkInsightsAnalysisId: analysis.id,
    NetworkInsightsAnalysisArn: arnOf(analysis, 'network-insights-analysis', analysis.id),
    NetworkInsightsPathId: analysis.pathId,
    StartDate: new Date(analysis.startedAt),
    Status,
    ...(Status === 'succeeded' && {
      NetworkPathFound: isReachable,
      ForwardPathComponents: componentsOf(analysis, forward),
      ReturnPathComponents: componentsOf(analysis, back),
      Explanations: blocks.map((block) => explanationOf(analysis, block)),
    }),
    Tags: tagList(analysis.tags),
  }
}

function componentOf(owner: ResourceBase<string>, id: string) {
  const type = typeOf(id)
  return { Id: id, ...(type && { Arn: arnOf(owner, type, id) }) }
}

function componentsOf(analysis: Analysis, hops: readonly Hop[]): PathComponent[] {
  return hops.map(({ component, packet }, index) => ({
    SequenceNumber: index + 1,
    Component: componentOf(analysis, component),
    OutboundHeader: headerOf(packet),
  }))
}

function headerOf({ source, destination, protocol, ports }: Packet): AnalysisPacketHeader {
  const host = (address: string) => `${address}/${address.includes(':') ? 128 : 32}`
  return {
    SourceAddresses: [host(source)],
    DestinationAddresses: [host(destination)],
    Protocol: { tcp: '6', udp: '17', icmp: '1' }[protocol],
    ...(ports && { DestinationPortRanges: [{ From: ports.from, To: ports.to }] }),
  }
}

const CODES: Record<BlockKind, string> = {
  groupRules: 'ENI_SG_RULES_MISMATCH',
  groupEmpty: 'SG_HAS_NO_RULES',
  acl: 'SUBNET_ACL_RESTRICTION',
  noRoute: 'NO_ROUTE_TO_DESTINATION',
  blackhole: 'NO_ROUTE_TO_DESTINATION',
  noPublicAddress: 'IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS',
  noGateway: 'NO_ROUTE_TO_DESTINATION',
  notInPeer: 'PCX_REQUIRES_ADDRESS_IN_VPC_CIDR',
  sourceDestCheck: 'ENI_SOURCE_DEST_CHECK_RESTRICTION',
  nobody: 'NO_POSSIBLE_DESTINATION',
  notRunning: 'UNASSOCIATED_COMPONENT',
  unknownBeyond: 'NO_PATH',
}

function codeOf({ kind, direction }: Block): string {
  const isIn = kind === 'noPublicAddress' && direction === 'ingress'
  return isIn ? 'IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS' : CODES[kind]
}

function explanationOf(analysis: Analysis, block: Block): Explanation {
  const component = componentOf(analysis, block.component)
  const member: Readonly<Record<string, keyof Explanation>> = {
    'security-group': 'SecurityGroup',
    'network-acl': 'Acl',
    'route-table': 'RouteTable',
    'internet-gateway': 'InternetGateway',
    natgateway: 'NatGateway',
    'network-interface': 'NetworkInterface',
    'vpc-peering-connection': 'VpcPeeringConnection',
    subnet: 'Subnet',
  }
  const own = member[typeOf(block.component) ?? '']
  return {
    Direction: block.direction,
    ExplanationCode: codeOf(block),
    Component: component,
    ...(own && { [own]: component }),
    ...(own === 'SecurityGroup' && { SecurityGroups: [component] }),
  }
}
