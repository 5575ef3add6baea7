/**
 * Every kind of resource the cloud keeps, by name. One entry here makes a kind storable; how it is looked up and what
 * must be unique about it is declared in store/kinds.ts.
 */
import type { Alarm } from './metrics/alarm.ts'
import type { CompositeAlarm } from './metrics/composite.ts'
import type { Dashboard } from './metrics/dashboard.ts'
import type { ScalingKind, ScalingResourceTypes } from './autoscaling/records.ts'
import type { BackupKind, BackupResourceTypes } from './backup/kinds.ts'
import type { IamKind, IamResourceTypes } from './iam/entities.ts'
import type { Image, Snapshot } from './image.ts'
import type { Instance } from './instance.ts'
import type { Listener, ListenerRule, LoadBalancer, TargetGroup } from './balancers/records.ts'
import type { BackupGateway, GatewayKind, GatewayMachine, Hypervisor } from './gateway.ts'
import type { ExportTask } from './export-task.ts'
import type { RootTask } from './root-task.ts'
import type { ImportTask } from './import-task.ts'
import type { KeyPair } from './key-pair.ts'
import type { KmsAlias, KmsKey } from './kms.ts'
import type { Layer } from './layer.ts'
import type { InsightsAnalysis, InsightsPath } from './network-insights.ts'
import type {
  DhcpOptions,
  EgressOnlyGateway,
  ElasticAddress,
  InternetGateway,
  NatGateway,
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  Subnet,
  SubnetReservation,
  Vpc,
} from './network.ts'
import type { RbinRule } from './rbin.ts'
import type { LaunchTemplate, LaunchTemplateVersion } from './launch-template.ts'
import type { StoredParameter } from './parameter.ts'
import type { Peering } from './peering.ts'
import type { PlacementGroup } from './placement-group.ts'
import type { PrefixList } from './prefix-list.ts'
import type { VpcEndpoint } from './vpc-endpoint.ts'
import type { Volume } from './volume.ts'

export interface ResourceTypes extends IamResourceTypes, BackupResourceTypes, ScalingResourceTypes {
  instance: Instance
  volume: Volume
  snapshot: Snapshot
  layer: Layer
  exportTask: ExportTask
  rootTask: RootTask
  rbinRule: RbinRule
  parameter: StoredParameter
  importTask: ImportTask
  kmsKey: KmsKey
  kmsAlias: KmsAlias
  image: Image
  keyPair: KeyPair
  vpc: Vpc
  subnet: Subnet
  routeTable: RouteTable
  internetGateway: InternetGateway
  egressOnlyGateway: EgressOnlyGateway
  securityGroup: SecurityGroup
  networkAcl: NetworkAcl
  dhcpOptions: DhcpOptions
  networkInterface: NetworkInterface
  elasticAddress: ElasticAddress
  natGateway: NatGateway
  prefixList: PrefixList
  vpcEndpoint: VpcEndpoint
  subnetReservation: SubnetReservation
  vpcPeering: Peering
  launchTemplate: LaunchTemplate
  launchTemplateVersion: LaunchTemplateVersion
  placementGroup: PlacementGroup
  insightsPath: InsightsPath
  insightsAnalysis: InsightsAnalysis
  backupGateway: BackupGateway
  hypervisor: Hypervisor
  gatewayMachine: GatewayMachine
  alarm: Alarm
  compositeAlarm: CompositeAlarm
  dashboard: Dashboard
  loadBalancer: LoadBalancer
  listener: Listener
  listenerRule: ListenerRule
  targetGroup: TargetGroup
}

export type StoredKind = keyof ResourceTypes

/** Not EC2's, or without an id and tags of its own: kept for ourselves, or another service's. */
export type HiddenKind =
  | GatewayKind
  | ScalingKind
  | 'alarm'
  | 'compositeAlarm'
  | 'dashboard'
  | 'loadBalancer'
  | 'listener'
  | 'listenerRule'
  | 'targetGroup'
  | 'rbinRule'
  | 'parameter'
  | 'exportTask'
  | 'rootTask'
  | 'importTask'
  | 'layer'
  | 'kmsKey'
  | 'kmsAlias'
  | 'launchTemplateVersion'

/** What IAM and Backup keep is not among EC2's resources and their tags. */
export type Ec2Kind = Exclude<StoredKind, BackupKind | IamKind | HiddenKind>
