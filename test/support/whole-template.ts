/** A launch template that says everything it can, served here or not: fleets and other tools read it. */
import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2'
import { ACCOUNT } from './cloud.ts'

export const USER_DATA = Buffer.from('#!/bin/sh').toString('base64')

export const tagsOf = (ResourceType: 'instance' | 'volume' | 'network-interface') => ({
  ResourceType,
  Tags: [{ Key: 'Name', Value: `of-${ResourceType}` }],
})

export const WHOLE: RequestLaunchTemplateData = {
  KernelId: 'aki-01234567',
  EbsOptimized: true,
  IamInstanceProfile: { Name: 'web' },
  BlockDeviceMappings: [
    {
      DeviceName: '/dev/xvda',
      Ebs: {
        Encrypted: true,
        DeleteOnTermination: false,
        Iops: 4_000,
        KmsKeyId: `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
        SnapshotId: 'snap-0123456789abcdef0',
        VolumeSize: 9,
        VolumeType: 'gp3',
        Throughput: 200,
        VolumeInitializationRate: 100,
      },
    },
    { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
    { DeviceName: '/dev/sdc', NoDevice: '' },
  ],
  NetworkInterfaces: [
    {
      AssociateCarrierIpAddress: false,
      AssociatePublicIpAddress: true,
      DeleteOnTermination: true,
      Description: 'first',
      DeviceIndex: 0,
      Groups: ['sg-0123456789abcdef0'],
      InterfaceType: 'efa',
      Ipv6AddressCount: 1,
      Ipv6Addresses: [{ Ipv6Address: 'fd00::1' }],
      NetworkInterfaceId: 'eni-0123456789abcdef0',
      PrivateIpAddress: '10.0.0.5',
      PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: '10.0.0.5' }],
      SecondaryPrivateIpAddressCount: 2,
      SubnetId: 'subnet-0123456789abcdef0',
      NetworkCardIndex: 1,
      Ipv4Prefixes: [{ Ipv4Prefix: '10.0.0.16/28' }],
      Ipv4PrefixCount: 1,
      Ipv6Prefixes: [{ Ipv6Prefix: 'fd00:0:0:0:1::/80' }],
      Ipv6PrefixCount: 1,
      PrimaryIpv6: true,
      EnaSrdSpecification: {
        EnaSrdEnabled: true,
        EnaSrdUdpSpecification: { EnaSrdUdpEnabled: true },
      },
      ConnectionTrackingSpecification: {
        TcpEstablishedTimeout: 600,
        UdpStreamTimeout: 100,
        UdpTimeout: 40,
      },
      EnaQueueCount: 4,
    },
  ],
  ImageId: 'resolve:ssm:/aws/service/x',
  InstanceType: 't3.micro',
  KeyName: 'me',
  Monitoring: { Enabled: true },
  Placement: {
    AvailabilityZone: 'us-east-1a',
    Affinity: 'host',
    GroupName: 'near',
    HostId: 'h-0123456789abcdef0',
    Tenancy: 'host',
    SpreadDomain: 'x',
    HostResourceGroupArn: `arn:aws:resource-groups:us-east-1:${ACCOUNT}:group/g`,
    PartitionNumber: 2,
    GroupId: 'pg-0123456789abcdef0',
  },
  RamDiskId: 'ari-01234567',
  DisableApiTermination: true,
  InstanceInitiatedShutdownBehavior: 'terminate',
  UserData: USER_DATA,
  TagSpecifications: [tagsOf('instance'), tagsOf('volume')],
  ElasticGpuSpecifications: [{ Type: 'eg1.medium' }],
  ElasticInferenceAccelerators: [{ Type: 'eia2.medium', Count: 1 }],
  SecurityGroupIds: ['sg-0123456789abcdef0'],
  SecurityGroups: ['web'],
  InstanceMarketOptions: {
    MarketType: 'spot',
    SpotOptions: {
      MaxPrice: '0.05',
      SpotInstanceType: 'one-time',
      BlockDurationMinutes: 60,
      ValidUntil: new Date('2030-01-01T00:00:00Z'),
      InstanceInterruptionBehavior: 'terminate',
    },
  },
  CreditSpecification: { CpuCredits: 'unlimited' },
  CpuOptions: { CoreCount: 1, ThreadsPerCore: 2, AmdSevSnp: 'disabled' },
  CapacityReservationSpecification: {
    CapacityReservationPreference: 'open',
    CapacityReservationTarget: { CapacityReservationId: 'cr-0123456789abcdef0' },
  },
  LicenseSpecifications: [
    {
      LicenseConfigurationArn: `arn:aws:license-manager:us-east-1:${ACCOUNT}:license-configuration:l`,
    },
  ],
  HibernationOptions: { Configured: true },
  MetadataOptions: {
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 3,
    HttpEndpoint: 'enabled',
    HttpProtocolIpv6: 'enabled',
    InstanceMetadataTags: 'enabled',
  },
  EnclaveOptions: { Enabled: true },
  InstanceRequirements: {
    VCpuCount: { Min: 1, Max: 4 },
    MemoryMiB: { Min: 512 },
    CpuManufacturers: ['intel', 'amd'],
    MemoryGiBPerVCpu: { Min: 0.5, Max: 8 },
    BareMetal: 'excluded',
    LocalStorageTypes: ['ssd'],
  },
  PrivateDnsNameOptions: {
    HostnameType: 'resource-name',
    EnableResourceNameDnsARecord: true,
    EnableResourceNameDnsAAAARecord: false,
  },
  MaintenanceOptions: { AutoRecovery: 'disabled' },
  DisableApiStop: true,
  NetworkPerformanceOptions: { BandwidthWeighting: 'vpc-1' },
}
