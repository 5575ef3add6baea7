/** VPCs and what belongs to them as EC2 shows them. */
import type {
  DhcpOptions as Ec2DhcpOptions,
  InternetGateway as Ec2InternetGateway,
  NetworkAcl as Ec2NetworkAcl,
  Subnet as Ec2Subnet,
  Vpc as Ec2Vpc,
  VpcCidrBlockAssociation,
} from '@aws-sdk/client-ec2'
import {
  vpcBlocks,
  type DhcpOptions,
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
    Ipv6CidrBlockAssociationSet: [],
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
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    Ipv6Native: false,
    EnableDns64: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: subnet.hostnameTypeOnLaunch ?? 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
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
