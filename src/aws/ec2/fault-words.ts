/**
 * EC2's codes by kind of resource: not found, malformed, there already, too many. The odd spellings (`InvalidVpcID`
 * beside `InvalidVpcId`) are AWS's. Source: "Error codes for the Amazon EC2 API".
 */
import type { ResourceKind } from '../../domain/id-prefixes.ts'

export interface KindWords {
  notFound: string
  /** Before the id: "The instance ID". */
  subject: string
  malformed: string
  /** When something with this name exists already. */
  duplicate?: string
}

export const KINDS: Record<ResourceKind, KindWords> = {
  instance: {
    notFound: 'InvalidInstanceID.NotFound',
    subject: 'The instance ID',
    malformed: 'InvalidInstanceID.Malformed',
  },
  reservation: {
    notFound: 'InvalidReservationID.NotFound',
    subject: 'The reservation ID',
    malformed: 'InvalidReservationID.Malformed',
  },
  volume: {
    notFound: 'InvalidVolume.NotFound',
    subject: 'The volume',
    malformed: 'InvalidVolumeID.Malformed',
  },
  snapshot: {
    notFound: 'InvalidSnapshot.NotFound',
    subject: 'The snapshot',
    malformed: 'InvalidSnapshotID.Malformed',
  },
  image: {
    notFound: 'InvalidAMIID.NotFound',
    subject: 'The image id',
    malformed: 'InvalidAMIID.Malformed',
    duplicate: 'InvalidAMIName.Duplicate',
  },
  keyPair: {
    notFound: 'InvalidKeyPair.NotFound',
    subject: 'The key pair',
    malformed: 'InvalidParameterValue',
    duplicate: 'InvalidKeyPair.Duplicate',
  },
  vpc: {
    notFound: 'InvalidVpcID.NotFound',
    subject: 'The vpc ID',
    malformed: 'InvalidVpcID.Malformed',
    duplicate: 'DefaultVpcAlreadyExists',
  },
  subnet: {
    notFound: 'InvalidSubnetID.NotFound',
    subject: 'The subnet ID',
    malformed: 'InvalidSubnetID.Malformed',
    duplicate: 'InvalidSubnet.Conflict',
  },
  subnetAssociation: {
    notFound: 'InvalidSubnetCidrBlockAssociationID.NotFound',
    subject: 'The subnet CIDR block association ID',
    malformed: 'InvalidSubnetCidrBlockAssociationID.Malformed',
  },
  routeTable: {
    notFound: 'InvalidRouteTableID.NotFound',
    subject: 'The routeTable ID',
    malformed: 'InvalidRouteTableId.Malformed',
    duplicate: 'RouteAlreadyExists',
  },
  routeTableAssociation: {
    notFound: 'InvalidAssociationID.NotFound',
    subject: 'The association ID',
    malformed: 'InvalidAssociationID.Malformed',
    duplicate: 'Resource.AlreadyAssociated',
  },
  internetGateway: {
    notFound: 'InvalidInternetGatewayID.NotFound',
    subject: 'The internetGateway ID',
    malformed: 'InvalidInternetGatewayId.Malformed',
    duplicate: 'Resource.AlreadyAssociated',
  },
  egressOnlyGateway: {
    notFound: 'InvalidGatewayID.NotFound',
    subject: 'The eigw ID',
    malformed: 'InvalidEgressOnlyInternetGatewayId.Malformed',
  },
  securityGroup: {
    notFound: 'InvalidGroup.NotFound',
    subject: 'The security group',
    malformed: 'InvalidGroupId.Malformed',
    duplicate: 'InvalidGroup.Duplicate',
  },
  securityGroupRule: {
    notFound: 'InvalidSecurityGroupRuleId.NotFound',
    subject: 'The security group rule ID',
    malformed: 'InvalidSecurityGroupRuleId.Malformed',
    duplicate: 'InvalidPermission.Duplicate',
  },
  networkAcl: {
    notFound: 'InvalidNetworkAclID.NotFound',
    subject: 'The networkAcl ID',
    malformed: 'InvalidNetworkAclId.Malformed',
    duplicate: 'NetworkAclEntryAlreadyExists',
  },
  networkAclAssociation: {
    notFound: 'InvalidAssociationID.NotFound',
    subject: 'The association ID',
    malformed: 'InvalidAssociationID.Malformed',
  },
  dhcpOptions: {
    notFound: 'InvalidDhcpOptionID.NotFound',
    subject: 'The dhcpOption ID',
    malformed: 'InvalidDhcpOptionsId.Malformed',
  },
  networkInterface: {
    notFound: 'InvalidNetworkInterfaceID.NotFound',
    subject: 'The networkInterface ID',
    malformed: 'InvalidNetworkInterfaceId.Malformed',
  },
  networkInterfaceAttachment: {
    notFound: 'InvalidAttachmentID.NotFound',
    subject: 'The networkInterfaceAttachment ID',
    malformed: 'InvalidNetworkInterfaceAttachmentId.Malformed',
  },
  elasticAddress: {
    notFound: 'InvalidAllocationID.NotFound',
    subject: 'The allocation ID',
    malformed: 'InvalidAllocationID.Malformed',
  },
  natGateway: {
    notFound: 'NatGatewayNotFound',
    subject: 'The Nat Gateway',
    malformed: 'NatGatewayMalformed',
  },
  elasticAddressAssociation: {
    notFound: 'InvalidAssociationID.NotFound',
    subject: 'The association ID',
    malformed: 'InvalidAssociationID.Malformed',
    duplicate: 'Resource.AlreadyAssociated',
  },
  vpcCidrAssociation: {
    notFound: 'InvalidVpcCidrBlockAssociationID.NotFound',
    subject: 'The vpc CIDR block association ID',
    malformed: 'InvalidVpcCidrBlockAssociationID.Malformed',
  },
  prefixList: {
    notFound: 'InvalidPrefixListID.NotFound',
    subject: 'The prefix list ID',
    malformed: 'InvalidPrefixListId.Malformed',
  },
  launchTemplate: {
    notFound: 'InvalidLaunchTemplateId.NotFound',
    subject: 'The launch template ID',
    malformed: 'InvalidLaunchTemplateId.Malformed',
    duplicate: 'InvalidLaunchTemplateName.AlreadyExistsException',
  },
  placementGroup: {
    notFound: 'InvalidPlacementGroup.Unknown',
    subject: 'The Placement Group',
    malformed: 'InvalidPlacementGroupId.Malformed',
    duplicate: 'InvalidPlacementGroup.Duplicate',
  },
  insightsPath: {
    notFound: 'InvalidNetworkInsightsPathId.NotFound',
    subject: 'The network insights path',
    malformed: 'InvalidNetworkInsightsPathId.Malformed',
  },
  insightsAnalysis: {
    notFound: 'InvalidNetworkInsightsAnalysisId.NotFound',
    subject: 'The network insights analysis',
    malformed: 'InvalidNetworkInsightsAnalysisId.Malformed',
  },
  subnetReservation: {
    notFound: 'InvalidSubnetCidrReservationID.NotFound',
    subject: 'The subnet CIDR reservation ID',
    malformed: 'InvalidSubnetCidrReservationID.Malformed',
    duplicate: 'InvalidSubnetCidrReservation.Conflict',
  },
  vpcEndpoint: {
    notFound: 'InvalidVpcEndpointId.NotFound',
    subject: 'The Vpc Endpoint Id',
    malformed: 'InvalidVpcEndpointId.Malformed',
  },
  vpcPeering: {
    notFound: 'InvalidVpcPeeringConnectionID.NotFound',
    subject: 'The vpcPeeringConnection ID',
    malformed: 'InvalidVpcPeeringConnectionId.Malformed',
    duplicate: 'VpcPeeringConnectionAlreadyExists',
  },
}

/** Things without an id of their own kind, by the word the fault uses. */
export const OTHER_NOT_FOUND: Record<string, string> = {
  address: 'InvalidAddress.NotFound',
  resource: 'InvalidID',
  route: 'InvalidRoute.NotFound',
  gateway: 'InvalidGatewayID.NotFound',
  natGatewayOfRoute: 'InvalidNatGatewayID.NotFound',
  networkAclEntry: 'InvalidNetworkAclEntry.NotFound',
  vpcEndpointService: 'InvalidServiceName',
  launchTemplateName: 'InvalidLaunchTemplateName.NotFoundException',
  launchTemplateVersion: 'InvalidLaunchTemplateId.VersionNotFound',
  availabilityZone: 'InvalidZone.NotFound',
  volumeAttachment: 'InvalidAttachment.NotFound',
  importTask: 'InvalidConversionTaskId',
  exportTask: 'InvalidExportTaskID.NotFound',
  rootTask: 'InvalidReplaceRootVolumeTaskId.NotFound',
  fastRestore: 'InvalidFastSnapshotRestore.NotFound',
  iamInstanceProfileAssociation: 'InvalidAssociationID.NotFound',
}

export const OTHER_DUPLICATE: Record<string, string> = {
  // The list of codes says InvalidDevice.InUse; EC2 answers this.
  device: 'InvalidParameterValue',
  route: 'RouteAlreadyExists',
  endpointZone: 'DuplicateSubnetsInSameZone',
  networkAclEntry: 'NetworkAclEntryAlreadyExists',
  privateAddress: 'InvalidIPAddress.InUse',
  cidr: 'InvalidSubnet.Conflict',
}

export const LIMITS: Record<string, string> = {
  instance: 'InstanceLimitExceeded',
  vcpu: 'VcpuLimitExceeded',
  volume: 'VolumeLimitExceeded',
  snapshot: 'SnapshotLimitExceeded',
  fastRestore: 'FastSnapshotRestoreLimitExceeded',
  image: 'ResourceLimitExceeded',
  vpc: 'VpcLimitExceeded',
  vpcCidr: 'CidrLimitExceeded',
  natGateway: 'NatGatewayLimitExceeded',
  natAddress: 'NatGatewayAddressLimitExceeded',
  dhcpOptions: 'DhcpOptionsLimitExceeded',
  subnet: 'SubnetLimitExceeded',
  securityGroup: 'SecurityGroupLimitExceeded',
  securityGroupRule: 'RulesPerSecurityGroupLimitExceeded',
  securityGroupsPerInterface: 'SecurityGroupsPerInterfaceLimitExceeded',
  internetGateway: 'InternetGatewayLimitExceeded',
  egressOnlyGateway: 'EgressOnlyInternetGatewayLimitExceeded',
  routeTable: 'RouteTableLimitExceeded',
  route: 'RouteLimitExceeded',
  networkAcl: 'NetworkAclLimitExceeded',
  networkAclEntry: 'NetworkAclEntryLimitExceeded',
  networkInterface: 'NetworkInterfaceLimitExceeded',
  elasticAddress: 'AddressLimitExceeded',
  publicAddress: 'InsufficientAddressCapacity',
  tag: 'TagLimitExceeded',
  attachment: 'AttachmentLimitExceeded',
  privateAddress: 'PrivateIpAddressLimitExceeded',
  placementGroup: 'PlacementGroupLimitExceeded',
  vpcEndpoint: 'VpcEndpointLimitExceeded',
  insightsPath: 'NetworkInsightsPathLimitExceeded',
  launchTemplate: 'MaxTemplateLimitExceeded',
  launchTemplateVersion: 'MaxTemplateVersionLimitExceeded',
  keyPair: 'KeyPairLimitExceeded',
  prefixList: 'PrefixListLimitExceeded',
  vpcPeeringActive: 'ActiveVpcPeeringConnectionPerVpcLimitExceeded',
  vpcPeeringPending: 'OutstandingVpcPeeringConnectionLimitExceeded',
  prefixListEntry: 'PrefixListMaxEntriesExceeded',
}

export function wordsOf(kind: string): KindWords | undefined {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind as ResourceKind] : undefined
}
