/** Networks as users see them: VPCs and what lives in them. Packets are the fabric's business (network-plan.ts). */
import type {
  IdOf,
  InstanceId,
  NetworkInterfaceId,
  SecurityGroupId,
  SubnetId,
  VpcId,
} from './ids.ts'
import type { ResourceBase, Tags } from './resource.ts'

export interface Vpc extends ResourceBase<VpcId> {
  cidrBlock: string
  cidrAssociationId: string
  /** Blocks added later, in that order. Absent in records from before there were any: use `vpcBlocks`. */
  secondaryBlocks?: readonly VpcBlock[]
  /** IPv6, from our pool. Absent: none. */
  ipv6Blocks?: readonly VpcBlock[]
  isDefault: boolean
  dhcpOptionsId: IdOf<'dhcpOptions'> | 'default'
  tenancy: 'default' | 'dedicated'
  hasDnsSupport: boolean
  hasDnsHostnames: boolean
  /** Small unique number from which link names and addresses on hosts derive. */
  index: number
}

export interface VpcBlock {
  associationId: string
  cidrBlock: string
}

/** Every block of a VPC, the primary first. */
export function vpcBlocks(vpc: Vpc): VpcBlock[] {
  const primary = { associationId: vpc.cidrAssociationId, cidrBlock: vpc.cidrBlock }
  return [primary, ...(vpc.secondaryBlocks ?? [])]
}

/** What the VPC's networks span, both families. */
export function vpcCidrs(vpc: Vpc): string[] {
  return [...vpcBlocks(vpc), ...(vpc.ipv6Blocks ?? [])].map((block) => block.cidrBlock)
}

export interface Subnet extends ResourceBase<SubnetId> {
  vpcId: VpcId
  zone: string
  cidrBlock: string
  isDefaultForZone: boolean
  mapPublicIpOnLaunch: boolean
  /** IPv6; one at most, as on AWS. Absent: none. */
  ipv6Block?: VpcBlock
  assignIpv6OnCreation?: boolean
  /** Of instances launched here, unless they say otherwise. Absent: `ip-name`. */
  hostnameTypeOnLaunch?: 'ip-name' | 'resource-name'
  /** Whether the DNS answers for the instance's id, with which family's address. Absent: neither. */
  resourceNamesOnLaunch?: ResourceNameRecords
}

/** Records of `i-….ec2.internal`, of either family. */
export interface ResourceNameRecords {
  hasA: boolean
  hasAaaa: boolean
}

/** Both families' blocks. */
export function subnetCidrs(subnet: Pick<Subnet, 'cidrBlock' | 'ipv6Block'>): string[] {
  return [subnet.cidrBlock, ...(subnet.ipv6Block ? [subnet.ipv6Block.cidrBlock] : [])]
}

export interface SubnetReservation extends ResourceBase<IdOf<'subnetReservation'>> {
  subnetId: SubnetId
  cidr: string
  type: 'prefix' | 'explicit'
  description: string
}

export type RouteTarget =
  | { type: 'local' }
  | { type: 'internetGateway'; id: IdOf<'internetGateway'> }
  | { type: 'networkInterface'; id: NetworkInterfaceId }
  | { type: 'natGateway'; id: IdOf<'natGateway'> }
  | { type: 'peering'; id: IdOf<'vpcPeering'> }
  | { type: 'egressOnlyGateway'; id: IdOf<'egressOnlyGateway'> }

export interface Route {
  /** A block of either family, or the id of a prefix list. */
  destination: string
  target: RouteTarget
  origin: 'CreateRouteTable' | 'CreateRoute'
}

export interface RouteTableAssociation {
  id: IdOf<'routeTableAssociation'>
  /** null: the main association of the VPC. */
  subnetId: SubnetId | null
}

export interface RouteTable extends ResourceBase<IdOf<'routeTable'>> {
  vpcId: VpcId
  routes: readonly Route[]
  associations: readonly RouteTableAssociation[]
}

export interface InternetGateway extends ResourceBase<IdOf<'internetGateway'>> {
  vpcId: VpcId | null
}

/** The way out for IPv6 that nobody can come in by. */
export interface EgressOnlyGateway extends ResourceBase<IdOf<'egressOnlyGateway'>> {
  vpcId: VpcId
}

export type RulePeer =
  | { type: 'cidr'; cidr: string }
  | { type: 'cidr6'; cidr: string }
  | {
      type: 'group'
      groupId: SecurityGroupId
      account: string
      /** Of a peered VPC. */
      foreign?: { vpcId: VpcId; peeringId: IdOf<'vpcPeering'> }
    }
  | { type: 'prefixList'; listId: IdOf<'prefixList'> }

export interface SecurityGroupRule {
  id: IdOf<'securityGroupRule'>
  isEgress: boolean
  /** `-1`, `tcp`, `udp`, `icmp`, `icmpv6` or a protocol number. */
  protocol: string
  /** For tcp and udp ports, for icmp type and code; -1: any. null when the protocol has none. */
  fromPort: number | null
  toPort: number | null
  peer: RulePeer
  description: string | null
  tags: Tags
}

export interface SecurityGroup extends ResourceBase<SecurityGroupId> {
  vpcId: VpcId
  name: string
  description: string
  rules: readonly SecurityGroupRule[]
}

export interface NetworkAclEntry {
  ruleNumber: number
  isEgress: boolean
  /** A protocol number, or `-1`: all. */
  protocol: string
  isAllow: boolean
  /** IPv4 or IPv6. */
  cidrBlock: string
  /** Destination ports, of tcp and udp. */
  ports?: { from: number; to: number }
  /** -1: any. */
  icmp?: { type: number; code: number }
}

export interface NetworkAcl extends ResourceBase<IdOf<'networkAcl'>> {
  vpcId: VpcId
  isDefault: boolean
  entries: readonly NetworkAclEntry[]
  associations: readonly { id: string; subnetId: SubnetId }[]
}

export interface DhcpOptions extends ResourceBase<IdOf<'dhcpOptions'>> {
  options: Readonly<Record<string, readonly string[]>>
}

export interface InterfaceAttachment {
  id: string
  instanceId: InstanceId
  deviceIndex: number
  deleteOnTermination: boolean
  attachedAt: number
  /** What a running machine's host still has to do; absent: nothing. */
  change?: 'attaching' | 'detaching'
}

export interface NetworkInterface extends ResourceBase<NetworkInterfaceId> {
  vpcId: VpcId
  subnetId: SubnetId
  zone: string
  description: string
  mac: string
  /** Primary first; never empty. */
  privateAddresses: readonly string[]
  /** IPv6, in the order they came. Absent: none. */
  ipv6Addresses?: readonly string[]
  /** The first IPv6 address stays as long as the interface. */
  hasPrimaryIpv6?: boolean
  /**
   * Auto-assigned public address of the primary private address, while the instance is not stopped and no elastic
   * address takes its place.
   */
  publicAddress: string | null
  /** Elastic addresses by the private address they stand for. Absent in records from before there were any. */
  elasticAddresses?: readonly ElasticAssociation[]
  /** Whether a public address is assigned anew at each start. */
  hasPublicOnLaunch: boolean
  groupIds: readonly SecurityGroupId[]
  isSourceDestChecked: boolean
  attachment: InterfaceAttachment | null
  /** Made for a NAT gateway, and gone with it. */
  natGatewayId?: IdOf<'natGateway'>
  /** Made for a VPC endpoint, and gone with it. */
  vpcEndpointId?: IdOf<'vpcEndpoint'>
  /** Made for a load balancer, and gone with it. */
  loadBalancer?: { id: string; type: 'application' | 'network' }
}

/** Both families' addresses, IPv4 first. */
export function addressesOf(one: NetworkInterface): readonly string[] {
  return one.ipv6Addresses ? [...one.privateAddresses, ...one.ipv6Addresses] : one.privateAddresses
}

/** What an interface was made for, which alone may change it. */
export function managerOf(one: NetworkInterface): string | undefined {
  return one.natGatewayId ?? one.vpcEndpointId ?? one.loadBalancer?.id
}

/** Gives subnets a way out by its elastic address, which its interface has. */
export interface NatGateway extends ResourceBase<IdOf<'natGateway'>> {
  vpcId: VpcId
  subnetId: SubnetId
  interfaceId: NetworkInterfaceId
  /** null: a private one, which leads to other VPCs by its private address. */
  address: ElasticAssociation | null
  /** Absent in records from before there were private ones: the association's. */
  privateAddress?: string
  /** Further ones, which new connections leave by as well. Absent: none. */
  secondary?: readonly NatAddress[]
  /** It stays visible for an hour. */
  deletedAt: number | null
}

export interface NatAddress {
  privateAddress: string
  /** null: of a private gateway. */
  association: ElasticAssociation | null
}

/** Every address of a gateway, the primary first. */
export function natAddresses(gateway: NatGateway): NatAddress[] {
  const { address: association, secondary = [] } = gateway
  const privateAddress = gateway.privateAddress ?? association!.privateAddress
  return [{ privateAddress, association }, ...secondary]
}

/** An address that the account keeps until it is released. What it is associated with is in the interface. */
export interface ElasticAddress extends ResourceBase<ElasticAddressId> {
  publicAddress: string
  /** The name that the address is shown by, with a dot at its end. Absent or null: none of its owner's. */
  reverseName?: string | null
}

type ElasticAddressId = IdOf<'elasticAddress'>

export interface ElasticAssociation {
  id: IdOf<'elasticAddressAssociation'>
  allocationId: ElasticAddressId
  publicAddress: string
  privateAddress: string
}

/** A public address that stands for a private one; `elastic` null: auto-assigned. */
export interface PublicBinding {
  privateAddress: string
  publicAddress: string
  elastic: ElasticAssociation | null
}

/** Every public address of an interface, in the order of its private ones. */
export function publicBindings(one: NetworkInterface): PublicBinding[] {
  return one.privateAddresses.flatMap((privateAddress, index): PublicBinding[] => {
    const elastic = one.elasticAddresses?.find((each) => each.privateAddress === privateAddress)
    const publicAddress = elastic?.publicAddress ?? (index === 0 ? one.publicAddress : null)
    return publicAddress ? [{ privateAddress, publicAddress, elastic: elastic ?? null }] : []
  })
}

/** `ec2-100-64-0-10.compute-1.amazonaws.com`. */
export function publicHostName(address: string, region: string): string {
  return `ec2-${address.replaceAll('.', '-')}.${publicDomainOf(region)}`
}

/** The public address that an instance with this interface is known by. */
export function publicAddressOf(one: NetworkInterface): string | null {
  const [primary] = one.privateAddresses
  const binding = publicBindings(one).find((each) => each.privateAddress === primary)
  return binding?.publicAddress ?? null
}

/** `ip-10-0-0-5`, AWS's private host name of an address. */
export function hostNameOf(address: string): string {
  return `ip-${address.replaceAll('.', '-')}`
}

/** `ec2.internal` in us-east-1, `<region>.compute.internal` elsewhere. */
export function privateDomainOf(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`
}

/** `compute-1.amazonaws.com` in us-east-1, `<region>.compute.amazonaws.com` elsewhere. */
export function publicDomainOf(region: string): string {
  return region === 'us-east-1' ? 'compute-1.amazonaws.com' : `${region}.compute.amazonaws.com`
}
