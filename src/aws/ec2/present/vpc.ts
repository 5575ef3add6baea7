/** VPCs and what belongs to them as EC2 shows them. */
import type {
  DhcpOptions as Ec2DhcpOptions,
  EgressOnlyInternetGateway,
  InternetGateway as Ec2InternetGateway,
  NetworkAcl as Ec2NetworkAcl,
  Subnet as Ec2Subnet,
  SubnetCidrBlockStateCode,
  SubnetIpv6CidrBlockAssociation,
  Vpc as Ec2Vpc,
  VpcCidrBlockAssociation,
  VpcCidrBlockStateCode,
  VpcIpv6CidrBlockAssociation,
} from '@aws-sdk/client-ec2'
import { isIpv6 } from '../../../domain/net/blocks.ts'
import {
  vpcBlocks,
  type DhcpOptions,
  type EgressOnlyGateway,
  type InternetGateway,
  type NetworkAcl,
  type Subnet,
  type Vpc,
  type VpcBlock,
} from '../../../domain/network.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { ec2Arn } from '../arn.ts'
import { tagList } from '../tags.ts'

export function vpcShape(vpc: Vpc): Ec2Vpc {
  return {
    VpcId: vpc.id,
    OwnerId: vpc.account,
    State: 'available',
    CidrBlock: vpc.cidrBlock,
    CidrBlockAssociationSet: vpcBlocks(vpc).map((block) => vpcBlockShape(block)),
    Ipv6CidrBlockAssociationSet: (vpc.ipv6Blocks ?? []).map((block) =>
      vpcIpv6Shape(vpc, block, 'associated'),
    ),
    DhcpOptionsId: vpc.dhcpOptionsId,
    InstanceTenancy: vpc.tenancy,
    IsDefault: vpc.isDefault,
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    Tags: tagList(vpc.tags),
  }
}

export function vpcBlockShape(
  block: VpcBlock,
  State: 'associated' | 'disassociated' = 'associated',
): VpcCidrBlockAssociation {
  return {
    AssociationId: block.associationId,
    CidrBlock: block.cidrBlock,
    CidrBlockState: { State },
  }
}

export function vpcIpv6Shape(
  { region }: Vpc,
  { associationId, cidrBlock }: VpcBlock,
  State: VpcCidrBlockStateCode,
): VpcIpv6CidrBlockAssociation {
  return {
    AssociationId: associationId,
    Ipv6CidrBlock: cidrBlock,
    Ipv6CidrBlockState: { State },
    NetworkBorderGroup: region,
    Ipv6Pool: 'Amazon',
    Ipv6AddressAttribute: 'public',
    IpSource: 'amazon',
  }
}

/** Of a block of either family that came or goes. */
export function vpcAssociationShape(vpc: Vpc, block: VpcBlock, ended?: 'disassociated') {
  if (!isIpv6(block.cidrBlock)) {
    return { VpcId: vpc.id, CidrBlockAssociation: vpcBlockShape(block, ended) }
  }
  const state = ended ? 'disassociating' : 'associating'
  return { VpcId: vpc.id, Ipv6CidrBlockAssociation: vpcIpv6Shape(vpc, block, state) }
}

export function subnetIpv6Shape(
  { associationId, cidrBlock }: VpcBlock,
  State: SubnetCidrBlockStateCode,
): SubnetIpv6CidrBlockAssociation {
  return {
    AssociationId: associationId,
    Ipv6CidrBlock: cidrBlock,
    Ipv6CidrBlockState: { State },
    Ipv6AddressAttribute: 'public',
    IpSource: 'amazon',
  }
}

export function egressOnlyShape(gateway: EgressOnlyGateway): EgressOnlyInternetGateway {
  return {
    EgressOnlyInternetGatewayId: gateway.id,
    Attachments: [{ VpcId: gateway.vpcId, State: 'attached' }],
    Tags: tagList(gateway.tags),
  }
}

export function subnetShape(subnet: Subnet, freeAddresses: number): Ec2Subnet {
  return {
    SubnetId: subnet.id,
    SubnetArn: ec2Arn(subnet, 'subnet'),
    OwnerId: subnet.account,
    VpcId: subnet.vpcId,
    State: 'available',
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: zoneIdOf(subnet.zone),
    CidrBlock: subnet.cidrBlock,
    AvailableIpAddressCount: freeAddresses,
    DefaultForAz: subnet.isDefaultForZone,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: subnet.assignIpv6OnCreation ?? false,
    Ipv6CidrBlockAssociationSet: subnet.ipv6Block
      ? [subnetIpv6Shape(subnet.ipv6Block, 'associated')]
      : [],
    Ipv6Native: false,
    EnableDns64: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: subnet.hostnameTypeOnLaunch ?? 'ip-name',
      EnableResourceNameDnsARecord: subnet.resourceNamesOnLaunch?.hasA ?? false,
      EnableResourceNameDnsAAAARecord: subnet.resourceNamesOnLaunch?.hasAaaa ?? false,
    },
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    Tags: tagList(subnet.tags),
  }
}

export function internetGatewayShape(gateway: InternetGateway): Ec2InternetGateway {
  return {
    InternetGatewayId: gateway.id,
    OwnerId: gateway.account,
    // EC2 says `available` here, not one of the enum's values: clients wait for it.
    Attachments: gateway.vpcId ? [{ VpcId: gateway.vpcId, State: 'available' as 'attached' }] : [],
    Tags: tagList(gateway.tags),
  }
}

export function networkAclShape(acl: NetworkAcl): Ec2NetworkAcl {
  return {
    NetworkAclId: acl.id,
    OwnerId: acl.account,
    VpcId: acl.vpcId,
    IsDefault: acl.isDefault,
    Entries: acl.entries.map((entry) => ({
      RuleNumber: entry.ruleNumber,
      Egress: entry.isEgress,
      Protocol: entry.protocol,
      RuleAction: entry.isAllow ? 'allow' : 'deny',
      ...(entry.cidrBlock.includes(':')
        ? { Ipv6CidrBlock: entry.cidrBlock }
        : { CidrBlock: entry.cidrBlock }),
      ...(entry.ports && { PortRange: { From: entry.ports.from, To: entry.ports.to } }),
      ...(entry.icmp && { IcmpTypeCode: { Type: entry.icmp.type, Code: entry.icmp.code } }),
    })),
    Associations: acl.associations.map(({ id, subnetId }) => ({
      NetworkAclAssociationId: id,
      NetworkAclId: acl.id,
      SubnetId: subnetId,
    })),
    Tags: tagList(acl.tags),
  }
}

export function dhcpOptionsShape(dhcp: DhcpOptions): Ec2DhcpOptions {
  return {
    DhcpOptionsId: dhcp.id,
    OwnerId: dhcp.account,
    DhcpConfigurations: Object.entries(dhcp.options).map(([Key, values]) => ({
      Key,
      Values: values.map((Value) => ({ Value })),
    })),
    Tags: tagList(dhcp.tags),
  }
}
