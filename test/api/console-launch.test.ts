/** The launch page's `aws` command, as somebody pastes it into a shell, makes the machine that the page would make. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { draftNew, runInput, type Draft } from '../../console/src/pages/launch/draft.ts'
import { awsCommand } from '../../console/src/pages/launch/render.ts'
import type { Rule } from '../../console/src/util/rules.ts'
import { exec } from '../../src/lib/exec.ts'
import { TINY } from '../support/app.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
let vpcId: string
const TIMEOUT_MS = 60_000

beforeAll(async () => {
  cloud = await startTestCloud()
  vpcId = (await cloud.ec2.describeVpcs({})).Vpcs![0]!.VpcId!
  await cloud.ec2.createKeyPair({ KeyName: "Bob's key" })
})
afterAll(() => cloud.close())

async function paste(command: string): Promise<void> {
  const env = {
    PATH: '/usr/bin:/bin',
    AWS_ENDPOINT_URL: cloud.url,
    AWS_ACCESS_KEY_ID: '111122223333',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  }
  // awscli before 2.13 does not read AWS_ENDPOINT_URL.
  const text = `aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\nset -e\n${command}`
  await exec('sh', ['-c', text], { env, timeoutMs: TIMEOUT_MS })
}

const WORDS = 'echo "it\'s ${HOME}" > /tmp/x'

function draftOf(part: Partial<Draft>): Draft {
  return {
    ...draftNew(),
    imageId: TINY,
    vpcId,
    name: "Bob's $(web)",
    keyName: "Bob's key",
    userData: `#!/bin/sh\n${WORDS}\n`,
    shutdown: 'terminate',
    isProtected: true,
    root: { ...draftNew().root, sizeGiB: 9 },
    disks: [{ ...draftNew().root, device: '/dev/sdf', sizeGiB: 4, type: 'io2', iops: 200 }],
    ...part,
  }
}

async function made(name: string) {
  const Filters = [{ Name: 'tag:Name', Values: [name] }]
  const { Reservations } = await cloud.ec2.describeInstances({ Filters })
  return Reservations!.flatMap((one) => one.Instances!)
}

test('with a new group, everything quoted', { timeout: TIMEOUT_MS }, async () => {
  const groups = { ...draftNew().groups, name: 'wizard-1' } as Draft['groups']
  const draft = draftOf({ groups, count: 2 })
  await paste(awsCommand(draft))
  const instances = await made(draft.name)
  expect(instances).toHaveLength(2)
  const [instance] = instances
  expect(instance!.KeyName).toBe("Bob's key")
  expect(instance!.MetadataOptions!.HttpTokens).toBe('required')
  expect(instance!.SecurityGroups).toEqual([
    { GroupName: 'wizard-1', GroupId: expect.stringMatching(/^sg-/) as string },
  ])
  const { SecurityGroups } = await cloud.ec2.describeSecurityGroups({
    Filters: [{ Name: 'group-name', Values: ['wizard-1'] }],
  })
  expect(SecurityGroups![0]!.IpPermissions![0]).toMatchObject({ FromPort: 22, ToPort: 22 })
  const { UserData } = await cloud.ec2.describeInstanceAttribute({
    InstanceId: instance!.InstanceId!,
    Attribute: 'userData',
  })
  expect(Buffer.from(UserData!.Value!, 'base64').toString()).toContain(WORDS)
  const { Volumes } = await cloud.ec2.describeVolumes({
    Filters: [{ Name: 'attachment.instance-id', Values: [instance!.InstanceId!] }],
  })
  expect(Volumes!.map(({ Size, Iops }) => [Size, Iops]).toSorted()).toEqual([
    [4, 200],
    [9, 3000],
  ])
})

test('with an interface of its own and a new group', { timeout: TIMEOUT_MS }, async () => {
  const groups = { ...draftNew().groups, name: 'wizard-2', rules: [] } as Draft['groups']
  await paste(awsCommand(draftOf({ name: 'quiet', groups, publicAddress: 'no' })))
  const [instance] = await made('quiet')
  expect(instance!.SecurityGroups![0]!.GroupName).toBe('wizard-2')
  expect(instance!.PublicIpAddress).toBeUndefined()
})

const rule = (part: Partial<Rule>): Rule => ({
  ...{ protocol: 'tcp', fromPort: 80, toPort: 80, peer: '10.0.0.0/8', peerKind: 'cidr' },
  ...{ description: '', isRisky: false },
  ...part,
})

test('every choice of the page at once', { timeout: TIMEOUT_MS }, async () => {
  const { ec2 } = cloud
  await ec2.createPlacementGroup({ GroupName: 'near', Strategy: 'cluster' })
  const { PrefixList } = await ec2.createManagedPrefixList({
    ...{ PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 2 },
    Entries: [{ Cidr: '192.0.2.0/24' }],
  })
  const { SecurityGroups } = await ec2.describeSecurityGroups({})
  const peer = SecurityGroups!.find((one) => one.VpcId === vpcId)!.GroupId!
  const { Subnets } = await ec2.describeSubnets({})
  const subnetId = Subnets!.find((one) => one.VpcId === vpcId)!.SubnetId!
  const rules = [
    rule({ description: 'Home $(1) of Bob; {a}' }),
    rule({ protocol: 'udp', fromPort: 53, toPort: 60 }),
    rule({ protocol: 'icmp', fromPort: -1, toPort: -1, peer: '0.0.0.0/0' }),
    rule({ protocol: '-1', fromPort: null, toPort: null, peer, peerKind: 'group' }),
    rule({ peer: '::/0', fromPort: 443, toPort: 443 }),
    rule({ peer: PrefixList!.PrefixListId!, peerKind: 'list' }),
  ]
  const root = { ...draftNew().root, isEncrypted: true, iops: 4_000, throughput: 250 }
  const kinds = ['gp2', 'io1', 'io2', 'st1', 'sc1', 'standard'] as const
  const disks = kinds.map((type, n) => ({
    ...draftNew().root,
    ...{ type, device: `/dev/sd${'fghijk'[n]}`, sizeGiB: 125, isDeletedWithInstance: n % 2 === 0 },
    iops: type.startsWith('io') ? 200 : null,
  }))
  const draft = draftOf({
    ...{ name: 'everything', instanceType: 'm5.large', keyName: null, subnetId, root, disks },
    ...{ publicAddress: 'yes', areTokensRequired: false, hopLimit: 3, areMetadataTagsOn: true },
    ...{ isHibernated: true, placementGroup: 'near', isProtected: true, shutdown: 'stop' },
    groups: { mode: 'new', name: 'wizard-3', description: 'New ($1; #2)', rules },
    tags: [{ key: 'cost centre', value: '$HOME `id` "x"' }],
  })
  await paste(awsCommand(draft))
  const [instance] = await made('everything')
  expect(instance).toMatchObject({
    ...{ InstanceType: 'm5.large', SubnetId: subnetId },
    Placement: { GroupName: 'near' },
    HibernationOptions: { Configured: true },
    MetadataOptions: {
      ...{ HttpTokens: 'optional', HttpPutResponseHopLimit: 3, InstanceMetadataTags: 'enabled' },
    },
  })
  expect(instance!.Tags).toContainEqual({ Key: 'cost centre', Value: '$HOME `id` "x"' })
  const Filters = [{ Name: 'attachment.instance-id', Values: [instance!.InstanceId!] }]
  const { Volumes } = await ec2.describeVolumes({ Filters })
  expect(Volumes!.map(({ VolumeType }) => VolumeType).toSorted()).toEqual(
    [...kinds, 'gp3'].toSorted(),
  )
  expect(Volumes!.find(({ VolumeType }) => VolumeType === 'gp3')).toMatchObject({
    ...{ Encrypted: true, Iops: 4_000, Throughput: 250 },
  })
  const named = { Filters: [{ Name: 'group-name', Values: ['wizard-3'] }] }
  const [group] = (await ec2.describeSecurityGroups(named)).SecurityGroups!
  const kept = group!.IpPermissions!.flatMap((one) => [
    ...(one.IpRanges ?? []),
    ...(one.Ipv6Ranges ?? []),
    ...(one.UserIdGroupPairs ?? []),
    ...(one.PrefixListIds ?? []),
  ])
  expect(kept).toHaveLength(rules.length)
})

test('what the page itself sends is taken', async () => {
  const { SecurityGroups } = await cloud.ec2.describeSecurityGroups({})
  const ids = [SecurityGroups![0]!.GroupId!]
  const draft = draftOf({ name: 'sent', groups: { mode: 'existing', ids }, publicAddress: 'yes' })
  await cloud.ec2.runInstances(runInput(draft, ids))
  expect(await made('sent')).toHaveLength(1)
})
