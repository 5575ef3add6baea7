/**
 * Amazon EC2 User Guide, "Example policies to control access the Amazon EC2 API": instances, volumes, snapshots, tags,
 * roles, routes. The statements say what the page's do, with this world's names.
 */
import { ACCOUNT, REGION } from '../../support/cloud.ts'
import {
  allow,
  deny,
  ec2,
  ec2Arn,
  iamArn,
  launch,
  simulated,
  tagging,
  tags,
  USER,
  type Example,
  type World,
} from './world.ts'

export const PAGE = 'EC2: Example policies to control access the Amazon EC2 API'

const SNAPSHOTS = `arn:aws:ec2:${REGION}::snapshot/*`
const SNAPSHOT = `arn:aws:ec2:${REGION}::snapshot/snap-0123456789abcdef0`
const VOLUME = ec2Arn('volume/vol-0123456789abcdef0')
const route =
  (table: keyof World, isNew = false) =>
  (w: World) => ({
    ...(isNew && { GatewayId: w.wayOut }),
    RouteTableId: w[table],
    DestinationCidrBlock: '192.0.2.0/24',
  })
const attach = (VolumeId: keyof World, InstanceId: keyof World) => (w: World) => ({
  VolumeId: w[VolumeId],
  InstanceId: w[InstanceId],
  Device: '/dev/sdf',
})
const instance = (name: 'mine' | 'theirs') => (w: World) => ({ InstanceIds: [w[name]] })
const volume = (change: object) => ({ AvailabilityZone: `${REGION}a`, Size: 10, ...change })

export const examples = (w: World): Example[] => [
  {
    title: 'Read-only access',
    policy: [allow('ec2:Describe*')],
    allowed: [ec2('DescribeInstances'), ec2('DescribeVpcs'), ec2('DescribeVolumes')],
    refused: [ec2('StopInstances', instance('mine')), ec2('RunInstances', launch())],
  },
  {
    title: 'Restrict access to a specific Region, aws:RequestedRegion',
    policy: [
      allow('ec2:*'),
      deny('ec2:*', '*', { StringNotEquals: { 'aws:RequestedRegion': 'eu-central-1' } }),
    ],
    allowed: [ec2('DescribeInstances', {}, { region: 'eu-central-1' })],
    refused: [ec2('DescribeInstances'), ec2('DescribeVpcs', {}, { region: 'eu-west-1' })],
  },
  {
    title: 'Restrict access to a specific Region, ec2:Region',
    policy: [
      allow('ec2:*'),
      deny('ec2:*', '*', { StringNotEquals: { 'ec2:Region': 'eu-central-1' } }),
    ],
    allowed: [ec2('DescribeInstances', {}, { region: 'eu-central-1' })],
    refused: [ec2('DescribeInstances'), ec2('RunInstances', launch())],
  },
  {
    title: 'Describe, launch, stop, start, and terminate all instances',
    policy: [
      allow([
        'ec2:DescribeInstances',
        'ec2:DescribeImages',
        'ec2:DescribeKeyPairs',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeAvailabilityZones',
        'ec2:RunInstances',
        'ec2:TerminateInstances',
        'ec2:StopInstances',
        'ec2:StartInstances',
      ]),
    ],
    allowed: [
      ec2('RunInstances', launch()),
      ec2('StopInstances', instance('mine')),
      ec2('TerminateInstances', instance('theirs')),
    ],
    refused: [ec2('DescribeVpcs'), ec2('RebootInstances', instance('mine'))],
  },
  {
    title: 'Describe all instances, and stop, start, and terminate only particular instances',
    policy: [
      allow('ec2:DescribeInstances'),
      allow(['ec2:StopInstances', 'ec2:StartInstances'], ec2Arn(`instance/${w.theirs}`)),
      allow('ec2:TerminateInstances', ec2Arn('instance/*'), {
        StringEquals: { 'ec2:ResourceTag/purpose': 'test' },
      }),
    ],
    allowed: [
      ec2('DescribeInstances'),
      ec2('StopInstances', instance('theirs')),
      ec2('TerminateInstances', instance('mine')),
    ],
    refused: [
      ec2('StopInstances', instance('mine')),
      ec2('TerminateInstances', instance('theirs')),
    ],
  },
  {
    title: 'Attach and detach volumes',
    policy: [
      allow(['ec2:AttachVolume', 'ec2:DetachVolume'], ec2Arn('instance/*'), {
        StringEquals: { 'ec2:ResourceTag/department': 'dev' },
      }),
      allow(['ec2:AttachVolume', 'ec2:DetachVolume'], ec2Arn('volume/*'), {
        StringEquals: { 'ec2:ResourceTag/volume_user': '${aws:username}' },
      }),
    ],
    allowed: [ec2('AttachVolume', attach('myVolume', 'mine'))],
    refused: [
      ec2('AttachVolume', attach('myVolume', 'theirs')),
      ec2('AttachVolume', attach('theirVolume', 'mine')),
    ],
  },
  {
    title: 'Create a volume',
    policy: [
      allow('ec2:CreateVolume', ec2Arn('volume/*'), {
        NumericLessThan: { 'ec2:VolumeSize': '20' },
        Bool: { 'ec2:Encrypted': 'true' },
      }),
    ],
    allowed: [ec2('CreateVolume', volume({ Encrypted: true }))],
    refused: [
      ec2('CreateVolume', volume({})),
      ec2('CreateVolume', volume({ Encrypted: true, Size: 20 })),
    ],
  },
  {
    title: 'Create a volume with tags',
    policy: [
      allow('ec2:CreateVolume', ec2Arn('volume/*'), {
        StringEquals: { 'aws:RequestTag/costcenter': '115', 'aws:RequestTag/stack': 'prod' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['costcenter', 'stack'] },
      }),
      allow('ec2:CreateTags', ec2Arn('volume/*'), {
        StringEquals: { 'ec2:CreateAction': 'CreateVolume' },
      }),
    ],
    allowed: [ec2('CreateVolume', volume(tagging({ costcenter: '115', stack: 'prod' }, 'volume')))],
    refused: [
      ec2('CreateVolume', volume({})),
      ec2('CreateVolume', volume(tagging({ costcenter: '115' }, 'volume'))),
      ec2('CreateVolume', volume(tagging({ costcenter: '115', stack: 'prod', x: 'y' }, 'volume'))),
      ec2('CreateTags', (own) => ({ Resources: [own.myVolume], Tags: tags({ stack: 'prod' }) })),
    ],
  },
  {
    title: 'Create a volume without having to specify tags',
    policy: [
      allow('ec2:CreateVolume'),
      allow('ec2:CreateTags', ec2Arn('volume/*'), {
        StringEquals: { 'aws:RequestTag/purpose': 'test', 'ec2:CreateAction': 'CreateVolume' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': 'purpose' },
      }),
    ],
    allowed: [
      ec2('CreateVolume', volume({})),
      ec2('CreateVolume', volume(tagging({ purpose: 'test' }, 'volume'))),
    ],
    refused: [
      ec2('CreateVolume', volume(tagging({ purpose: 'prod' }, 'volume'))),
      ec2('CreateVolume', volume(tagging({ purpose: 'test', more: 'x' }, 'volume'))),
    ],
  },
  {
    title: 'Create a snapshot',
    policy: [
      allow('ec2:CreateSnapshot', SNAPSHOTS),
      allow('ec2:CreateSnapshot', ec2Arn('volume/*'), {
        NumericLessThan: { 'ec2:VolumeSize': '20' },
        Bool: { 'ec2:Encrypted': 'true' },
      }),
    ],
    allowed: [
      simulated('ec2:CreateSnapshot', SNAPSHOT),
      simulated('ec2:CreateSnapshot', VOLUME, { 'ec2:VolumeSize': '10', 'ec2:Encrypted': 'true' }),
    ],
    refused: [
      simulated('ec2:CreateSnapshot', VOLUME, { 'ec2:VolumeSize': '10', 'ec2:Encrypted': 'false' }),
      simulated('ec2:CreateSnapshot', VOLUME, { 'ec2:VolumeSize': '30', 'ec2:Encrypted': 'true' }),
    ],
  },
  {
    title: 'Create snapshots',
    policy: [
      allow('ec2:CreateSnapshots', [SNAPSHOTS, 'arn:aws:ec2:*:*:instance/*']),
      allow('ec2:CreateSnapshots', `arn:aws:ec2:${REGION}:*:volume/*`, {
        StringLikeIfExists: { 'ec2:VolumeType': 'gp2' },
      }),
    ],
    allowed: [
      simulated('ec2:CreateSnapshots', VOLUME, { 'ec2:VolumeType': 'gp2' }),
      simulated('ec2:CreateSnapshots', VOLUME),
      simulated('ec2:CreateSnapshots', ec2Arn('instance/i-0123456789abcdef0')),
    ],
    refused: [simulated('ec2:CreateSnapshots', VOLUME, { 'ec2:VolumeType': 'io1' })],
  },
  {
    title: 'Create a snapshot with tags',
    policy: [
      allow('ec2:CreateSnapshot', ec2Arn('volume/*')),
      allow('ec2:CreateSnapshot', SNAPSHOTS, {
        StringEquals: { 'aws:RequestTag/costcenter': '115', 'aws:RequestTag/stack': 'prod' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['costcenter', 'stack'] },
      }),
      allow('ec2:CreateTags', SNAPSHOTS, {
        StringEquals: { 'ec2:CreateAction': 'CreateSnapshot' },
      }),
    ],
    allowed: [
      simulated('ec2:CreateSnapshot', SNAPSHOT, {
        'aws:RequestTag/costcenter': '115',
        'aws:RequestTag/stack': 'prod',
        'aws:TagKeys': ['costcenter', 'stack'],
      }),
      simulated('ec2:CreateTags', SNAPSHOT, { 'ec2:CreateAction': 'CreateSnapshot' }),
    ],
    refused: [simulated('ec2:CreateSnapshot', SNAPSHOT), simulated('ec2:CreateTags', SNAPSHOT)],
  },
  {
    title: 'Copying snapshots',
    policy: [
      allow('ec2:CopySnapshot', `arn:aws:ec2:*:${ACCOUNT}:snapshot/*`, {
        StringEquals: { 'aws:RequestTag/purpose': 'production' },
      }),
    ],
    allowed: [
      simulated('ec2:CopySnapshot', ec2Arn('snapshot/*'), {
        'aws:RequestTag/purpose': 'production',
      }),
    ],
    refused: [simulated('ec2:CopySnapshot', ec2Arn('snapshot/*'))],
  },
  {
    title: 'Modify permission settings for snapshots',
    policy: [
      allow('ec2:ModifySnapshotAttribute', SNAPSHOTS, {
        StringEquals: { 'ec2:ResourceTag/user-name': '${aws:username}' },
      }),
    ],
    allowed: [
      simulated('ec2:ModifySnapshotAttribute', SNAPSHOT, {
        'ec2:ResourceTag/user-name': USER,
        'aws:username': USER,
      }),
    ],
    refused: [
      simulated('ec2:ModifySnapshotAttribute', SNAPSHOT, {
        'ec2:ResourceTag/user-name': 'john',
        'aws:username': USER,
      }),
    ],
  },
  {
    title: 'Work with Reserved Instances',
    policy: [allow('ec2:DescribeReservedInstances')],
    allowed: [simulated('ec2:DescribeReservedInstances', '*')],
    refused: [simulated('ec2:PurchaseReservedInstancesOffering', '*')],
  },
  {
    title: 'Tag resources: only with a key and a value, only those one owns',
    policy: [
      allow('ec2:CreateTags', ec2Arn('*/*'), {
        StringEquals: {
          'aws:RequestTag/anycompany:environment-type': ['test', 'prod'],
          'ec2:ResourceTag/owner': '${aws:username}',
        },
      }),
    ],
    allowed: [
      ec2('CreateTags', (own) => ({
        Resources: [own.mine],
        Tags: tags({ 'anycompany:environment-type': 'test', more: 'x' }),
      })),
    ],
    refused: [
      ec2('CreateTags', (own) => ({
        Resources: [own.theirs],
        Tags: tags({ 'anycompany:environment-type': 'test' }),
      })),
      ec2('CreateTags', (own) => ({
        Resources: [own.mine],
        Tags: tags({ 'anycompany:environment-type': 'other' }),
      })),
    ],
  },
  {
    title: 'Delete specific tags of a volume',
    policy: [
      allow('ec2:DeleteTags', ec2Arn('volume/*'), {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment', 'cost-center'] },
      }),
    ],
    allowed: [
      ec2('DeleteTags', (own) => ({ Resources: [own.myVolume], Tags: [{ Key: 'environment' }] })),
    ],
    refused: [
      ec2('DeleteTags', (own) => ({ Resources: [own.myVolume], Tags: [{ Key: 'owner' }] })),
      ec2('DeleteTags', (own) => ({ Resources: [own.mine], Tags: [{ Key: 'environment' }] })),
    ],
  },
  {
    title: 'Delete only environment=prod, of what one owns',
    policy: [
      allow('ec2:DeleteTags', ec2Arn('*/*'), {
        StringEquals: {
          'aws:RequestTag/environment': 'prod',
          'ec2:ResourceTag/owner': '${aws:username}',
        },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment'] },
      }),
    ],
    allowed: [
      ec2('DeleteTags', (own) => ({ Resources: [own.mine], Tags: tags({ environment: 'prod' }) })),
    ],
    refused: [
      ec2('DeleteTags', (own) => ({
        Resources: [own.theirs],
        Tags: tags({ environment: 'prod' }),
      })),
      ec2('DeleteTags', (own) => ({
        Resources: [own.mine],
        Tags: tags({ environment: 'prod', owner: USER }),
      })),
    ],
  },
  {
    title: 'Work with route tables',
    policy: [
      allow(['ec2:DeleteRoute', 'ec2:CreateRoute', 'ec2:ReplaceRoute'], ec2Arn('route-table/*'), {
        StringEquals: { 'ec2:Vpc': ec2Arn(`vpc/${w.vpc}`) },
      }),
    ],
    allowed: [ec2('DeleteRoute', route('table')), ec2('CreateRoute', route('table', true))],
    refused: [ec2('DeleteRoute', route('farTable')), ec2('CreateRoute', route('farTable', true))],
  },
  {
    title: 'Allow a specific instance to view resources in other AWS services',
    policy: [
      allow(['ec2:DescribeVolumes', 's3:ListAllMyBuckets', 'dynamodb:ListTables'], '*', {
        ArnEquals: { 'ec2:SourceInstanceARN': ec2Arn(`instance/${w.mine}`) },
      }),
    ],
    allowed: [
      simulated('s3:ListAllMyBuckets', '*', {
        'ec2:SourceInstanceARN': ec2Arn(`instance/${w.mine}`),
      }),
    ],
    refused: [
      ec2('DescribeVolumes'),
      simulated('dynamodb:ListTables', '*', {
        'ec2:SourceInstanceARN': ec2Arn(`instance/${w.theirs}`),
      }),
    ],
  },
  {
    title: 'Work with IAM roles: only for instances of a department',
    policy: [
      allow(
        [
          'ec2:AssociateIamInstanceProfile',
          'ec2:ReplaceIamInstanceProfileAssociation',
          'ec2:DisassociateIamInstanceProfile',
        ],
        ec2Arn('instance/*'),
        { StringEquals: { 'ec2:ResourceTag/department': 'dev' } },
      ),
      allow('ec2:DescribeIamInstanceProfileAssociations'),
      allow('iam:PassRole', iamArn('role/DevTeam*')),
    ],
    allowed: [
      ec2('DescribeIamInstanceProfileAssociations'),
      simulated('iam:PassRole', iamArn('role/DevTeamWeb')),
      simulated('ec2:AssociateIamInstanceProfile', ec2Arn(`instance/${w.mine}`), {
        'ec2:ResourceTag/department': 'dev',
      }),
    ],
    refused: [
      simulated('iam:PassRole', iamArn('role/Production')),
      simulated('ec2:AssociateIamInstanceProfile', ec2Arn(`instance/${w.theirs}`), {
        'ec2:ResourceTag/department': 'ops',
      }),
    ],
  },
]
