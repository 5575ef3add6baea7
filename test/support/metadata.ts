/** A metadata view to vary, for tests of the metadata service without a cloud behind it. */
import type { MetadataInterface, MetadataView } from '../../src/app/metadata.ts'

export function interfaceView(change: Partial<MetadataInterface> = {}): MetadataInterface {
  return {
    interfaceId: 'eni-0123456789abcdef0',
    deviceIndex: 0,
    mac: '02:00:0a:00:00:05',
    account: '111122223333',
    privateAddresses: ['10.0.0.5'],
    hostName: 'ip-10-0-0-5.ec2.internal',
    publicAddress: '100.64.0.7',
    publicBindings: [{ privateAddress: '10.0.0.5', publicAddress: '100.64.0.7', elastic: null }],
    publicHostName: 'ec2-100-64-0-7.compute-1.amazonaws.com',
    groups: [{ id: 'sg-0123456789abcdef0', name: 'default' }],
    subnetId: 'subnet-0123456789abcdef0',
    subnetCidr: '10.0.0.0/24',
    vpcId: 'vpc-0123456789abcdef0',
    ipv6Addresses: [],
    subnetIpv6Cidrs: [],
    vpcCidrs: ['10.0.0.0/16'],
    vpcIpv6Cidrs: [],
    ...change,
  }
}

export function metadataView(change: Partial<MetadataView> = {}): MetadataView {
  return {
    instanceId: 'i-0123456789abcdef0',
    account: '111122223333',
    region: 'us-east-1',
    zone: 'us-east-1b',
    imageId: 'ami-0123456789abcdef0',
    instanceType: 't3.micro',
    architecture: 'x86_64',
    reservationId: 'r-0123456789abcdef0',
    launchIndex: 0,
    launchedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    options: { isEnabled: true, areTokensRequired: false, hopLimit: 1, areTagsEnabled: false },
    rootDeviceName: '/dev/xvda',
    dataDeviceNames: [],
    interfaces: [interfaceView()],
    publicKey: { name: 'my key', line: 'ssh-ed25519 AAAA my key' },
    connectKeys: [],
    userData: Buffer.from('#!/bin/sh\necho hi\n').toString('base64'),
    isHibernationConfigured: false,
    placementGroup: null,
    tags: {},
    role: null,
    ...change,
  }
}
