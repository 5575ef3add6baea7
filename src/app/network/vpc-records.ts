/** The records that the plan of a VPC is made from. */
import type { Instance } from '../../domain/instance.ts'
import type {
  ElasticAddress,
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '../../domain/network.ts'
import type { PeerPlan } from '../../domain/network-plan.ts'
import type { VpcEndpoint } from '../../domain/vpc-endpoint.ts'
import type { PrefixList } from '../../domain/prefix-list.ts'
import type { RouteTargets } from './routes.ts'

/** Megabits a second that a machine may move now; null: no limit. */
export type RateOf = (instance: Instance) => number | null

/** Everything of one VPC that its plan is made from. */
export interface VpcRecords {
  vpc: Vpc
  subnets: readonly Subnet[]
  routeTables: readonly RouteTable[]
  targets: RouteTargets
  acls: readonly NetworkAcl[]
  groups: readonly SecurityGroup[]
  /** Of the machines on this host, of endpoints, and those that routes lead to: of all others, only what follows. */
  interfaces: readonly NetworkInterface[]
  /** Addresses of every interface in the VPC by its groups, sorted. */
  members: ReadonlyMap<string, readonly string[]>
  /** Of every interface in the VPC, in order. */
  publicAddresses: readonly { publicAddress: string; privateAddress: string }[]
  instances: readonly Instance[]
  dhcpOptions: Readonly<Record<string, readonly string[]>>
  prefixLists: ReadonlyMap<string, PrefixList>
  endpoints: readonly VpcEndpoint[]
  peers: readonly PeerPlan[]
  /** Of the account, those with a name of their own. */
  namedAddresses: readonly ElasticAddress[]
  rateOf: RateOf
  /** Records of peered VPCs whose public names resolve to private addresses here. */
  resolved: readonly VpcRecords[]
  /** Names of load balancers that are known here. */
  balancerNames: readonly { name: string; address: string }[]
}
