/**
 * Amazon EC2 User Guide, "Example policies to control access the Amazon EC2 API": launches, launch templates, Spot,
 * instance metadata. The statements say what the page's do, with this world's names.
 */
import { TINY } from '../../support/app.ts'
import { REGION } from '../../support/cloud.ts'
import {
  allow,
  deny,
  ec2,
  ec2Arn,
  IMAGES,
  launch,
  simulated,
  tagging,
  type Example,
  type World,
} from './world.ts'

export const PAGE = 'EC2: Example policies to control access the Amazon EC2 API (launches)'

const INSTANCE = ec2Arn('instance/*')
const SUBNET = ec2Arn('subnet/*')
const INTERFACE = ec2Arn('network-interface/*')
const VOLUME = ec2Arn('volume/*')
const KEY = ec2Arn('key-pair/*')
const GROUP = ec2Arn('security-group/*')
const TEMPLATE = ec2Arn('launch-template/lt-0123456789abcdef0')
const TEMPLATES = ec2Arn('launch-template/*')

const run = (resources: readonly string[], condition?: object) =>
  allow('ec2:RunInstances', resources, condition)
const tagAtLaunch = (resource: string, more: object = {}) =>
  allow('ec2:CreateTags', resource, {
    StringEquals: { 'ec2:CreateAction': 'RunInstances' },
    ...more,
  })
const disk = (ebs: object) => ({ BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: ebs }] })
const withTags = (values: Record<string, string>, ...types: string[]) =>
  ec2('RunInstances', launch(tagging(values, ...types)))
const ofTemplate = (keys: Readonly<Record<string, string>>, resource = SUBNET) =>
  simulated('ec2:RunInstances', resource, keys)
const GOOD = { 'ec2:LaunchTemplate': TEMPLATE, 'ec2:IsLaunchTemplateResource': 'true' }
const CHANGED = { ...GOOD, 'ec2:IsLaunchTemplateResource': 'false' }

export const examples = (w: World): Example[] => [
  {
    title: 'Only the specified AMIs',
    policy: [
      run([
        `arn:aws:ec2:${REGION}::image/${TINY}`,
        ...[INSTANCE, VOLUME, KEY, GROUP, SUBNET, INTERFACE],
      ]),
    ],
    allowed: [ec2('RunInstances', launch())],
    refused: [simulated('ec2:RunInstances', `arn:aws:ec2:${REGION}::image/ami-0fedcba9876543210`)],
  },
  {
    title: 'Only AMIs owned by Amazon',
    policy: [
      run([`arn:aws:ec2:${REGION}::image/ami-*`], { StringEquals: { 'ec2:Owner': 'amazon' } }),
      run([INSTANCE, SUBNET, VOLUME, INTERFACE, KEY, GROUP]),
    ],
    allowed: [ec2('RunInstances', launch())],
    refused: [
      simulated('ec2:RunInstances', `arn:aws:ec2:${REGION}::image/ami-0fedcba9876543210`, {
        'ec2:Owner': '444455556666',
      }),
    ],
  },
  {
    title: 'Only two instance types',
    policy: [
      run([INSTANCE], { StringEquals: { 'ec2:InstanceType': ['t3.micro', 't3.nano'] } }),
      run([IMAGES, SUBNET, INTERFACE, VOLUME, KEY, GROUP]),
    ],
    allowed: [
      ec2('RunInstances', launch()),
      ec2('RunInstances', launch({ InstanceType: 't3.micro' })),
    ],
    refused: [ec2('RunInstances', launch({ InstanceType: 't3.small' }))],
  },
  {
    title: 'Deny all but two instance types',
    policy: [
      deny('ec2:RunInstances', INSTANCE, {
        StringNotEquals: { 'ec2:InstanceType': ['t3.micro', 't3.nano'] },
      }),
      run([IMAGES, INTERFACE, INSTANCE, SUBNET, VOLUME, KEY, GROUP]),
    ],
    allowed: [ec2('RunInstances', launch())],
    refused: [ec2('RunInstances', launch({ InstanceType: 't3.small' }))],
  },
  {
    title: 'Only one subnet',
    policy: [run([ec2Arn(`subnet/${w.subnet}`), INTERFACE, INSTANCE, VOLUME, IMAGES, KEY, GROUP])],
    allowed: [ec2('RunInstances', launch())],
    refused: [
      ec2('RunInstances', launch({ SubnetId: w.otherSubnet })),
      // Where it lands is not said: it may be elsewhere.
      ec2('RunInstances', launch({ SubnetId: undefined })),
    ],
  },
  {
    title: 'Deny every other subnet',
    policy: [
      deny('ec2:RunInstances', INTERFACE, {
        ArnNotEquals: { 'ec2:Subnet': ec2Arn(`subnet/${w.subnet}`) },
      }),
      run([IMAGES, INTERFACE, INSTANCE, SUBNET, VOLUME, KEY, GROUP]),
    ],
    allowed: [ec2('RunInstances', launch())],
    refused: [
      ec2('RunInstances', launch({ SubnetId: w.otherSubnet })),
      ec2('RunInstances', launch({ SubnetId: undefined })),
    ],
  },
  {
    title: 'Only encrypted EBS volumes',
    policy: [
      run(['arn:aws:ec2:*:*:volume/*'], { Bool: { 'ec2:Encrypted': 'true' } }),
      run([IMAGES, INTERFACE, INSTANCE, SUBNET, KEY, GROUP]),
    ],
    allowed: [ec2('RunInstances', launch(disk({ Encrypted: true })))],
    refused: [
      ec2('RunInstances', launch()),
      ec2(
        'RunInstances',
        launch({
          BlockDeviceMappings: [
            { DeviceName: '/dev/xvda', Ebs: { Encrypted: true } },
            { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } },
          ],
        }),
      ),
    ],
  },
  {
    title: 'Tag instances on creation',
    policy: [run(['*']), tagAtLaunch(INSTANCE)],
    allowed: [ec2('RunInstances', launch()), withTags({ any: 'x' }, 'instance')],
    refused: [
      withTags({ any: 'x' }, 'volume'),
      ec2('CreateTags', (own) => ({ Resources: [own.mine], Tags: [{ Key: 'a', Value: 'b' }] })),
    ],
  },
  {
    title: 'Tag instances and volumes on creation with specific tags',
    policy: [
      run([IMAGES, SUBNET, INTERFACE, GROUP, KEY]),
      run([VOLUME, INSTANCE], {
        StringEquals: {
          'aws:RequestTag/environment': 'production',
          'aws:RequestTag/purpose': 'webserver',
        },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment', 'purpose'] },
      }),
      tagAtLaunch(ec2Arn('*/*')),
    ],
    allowed: [withTags({ environment: 'production', purpose: 'webserver' }, 'instance', 'volume')],
    refused: [
      ec2('RunInstances', launch()),
      withTags({ environment: 'production', purpose: 'webserver' }, 'instance'),
      withTags({ environment: 'production', purpose: 'webserver', x: 'y' }, 'instance', 'volume'),
    ],
  },
  {
    title: 'Tag instances and volumes on creation with at least one specific tag',
    policy: [
      run([IMAGES, SUBNET, INTERFACE, GROUP, KEY]),
      run([VOLUME, INSTANCE], {
        'ForAnyValue:StringEquals': { 'aws:TagKeys': ['environment', 'webserver'] },
      }),
      tagAtLaunch(ec2Arn('*/*')),
    ],
    allowed: [withTags({ webserver: 'any', more: 'x' }, 'instance', 'volume')],
    refused: [ec2('RunInstances', launch()), withTags({ more: 'x' }, 'instance', 'volume')],
  },
  {
    title: 'If instances are tagged on creation, they must be tagged with a specific tag',
    policy: [
      run(['*']),
      allow('ec2:CreateTags', ec2Arn('*/*'), {
        StringEquals: { 'aws:RequestTag/purpose': 'test', 'ec2:CreateAction': 'RunInstances' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': 'purpose' },
      }),
    ],
    allowed: [ec2('RunInstances', launch()), withTags({ purpose: 'test' }, 'instance')],
    refused: [withTags({ purpose: 'prod' }, 'instance'), withTags({ other: 'test' }, 'volume')],
  },
  {
    title: 'Disallow tag on create for RunInstances',
    policy: [
      run([IMAGES, SUBNET, INTERFACE, GROUP, KEY, VOLUME, INSTANCE]),
      deny('ec2:CreateTags'),
    ],
    allowed: [ec2('RunInstances', launch())],
    refused: [withTags({ any: 'x' }, 'instance')],
  },
  {
    title: 'Tags in a launch template',
    policy: [
      allow('ec2:RunInstances', '*', {
        ArnLike: { 'ec2:LaunchTemplate': TEMPLATE },
        Bool: { 'ec2:IsLaunchTemplateResource': 'true' },
      }),
      tagAtLaunch(INSTANCE),
    ],
    allowed: [
      ofTemplate(GOOD),
      simulated('ec2:CreateTags', INSTANCE, { 'ec2:CreateAction': 'RunInstances' }),
    ],
    refused: [ec2('RunInstances', launch()), ofTemplate(CHANGED)],
  },
  {
    title: 'Launch templates: a specific one, any parameter changed',
    policy: [allow('ec2:RunInstances', '*', { ArnLike: { 'ec2:LaunchTemplate': TEMPLATE } })],
    allowed: [ofTemplate(GOOD), ofTemplate(CHANGED)],
    refused: [ec2('RunInstances', launch())],
  },
  {
    title: 'Launch templates: any, nothing changed',
    policy: [
      allow('ec2:RunInstances', '*', {
        ArnLike: { 'ec2:LaunchTemplate': TEMPLATES },
        Bool: { 'ec2:IsLaunchTemplateResource': 'true' },
      }),
    ],
    allowed: [ofTemplate(GOOD)],
    refused: [ofTemplate(CHANGED), ec2('RunInstances', launch())],
  },
  {
    title: 'Launch templates: subnet and interface may not be changed',
    policy: [
      {
        Effect: 'Allow',
        Action: 'ec2:RunInstances',
        NotResource: [SUBNET, INTERFACE],
        Condition: { ArnLike: { 'ec2:LaunchTemplate': TEMPLATES } },
      },
      run([SUBNET, INTERFACE], {
        ArnLike: { 'ec2:LaunchTemplate': TEMPLATES },
        Bool: { 'ec2:IsLaunchTemplateResource': 'true' },
      }),
    ],
    allowed: [ofTemplate(CHANGED, INSTANCE), ofTemplate(GOOD)],
    refused: [ofTemplate(CHANGED), ec2('RunInstances', launch())],
  },
  {
    title: 'Launch templates: only one with a tag',
    policy: [
      {
        Effect: 'Allow',
        Action: 'ec2:RunInstances',
        NotResource: TEMPLATES,
        Condition: {
          ArnLike: { 'ec2:LaunchTemplate': TEMPLATES },
          Bool: { 'ec2:IsLaunchTemplateResource': 'true' },
        },
      },
      run([TEMPLATES], { StringEquals: { 'ec2:ResourceTag/Purpose': 'Webservers' } }),
    ],
    allowed: [ofTemplate(GOOD), ofTemplate({ 'ec2:ResourceTag/Purpose': 'Webservers' }, TEMPLATE)],
    refused: [ofTemplate({ ...GOOD, 'ec2:ResourceTag/Purpose': 'Other' }, TEMPLATE)],
  },
  {
    title: 'Elastic GPUs',
    policy: [
      run([ec2Arn('elastic-gpu/*', '*')], {
        StringEquals: { 'ec2:Region': 'us-east-2' },
        'ForAnyValue:StringLike': { 'ec2:ElasticGpuType': ['eg1.medium', 'eg1.large'] },
      }),
      run([IMAGES, INTERFACE, INSTANCE, SUBNET, VOLUME, KEY, GROUP]),
    ],
    allowed: [
      ec2('RunInstances', launch()),
      simulated('ec2:RunInstances', ec2Arn('elastic-gpu/x', 'us-east-2'), {
        'ec2:Region': 'us-east-2',
        'ec2:ElasticGpuType': 'eg1.large',
      }),
    ],
    refused: [
      simulated('ec2:RunInstances', ec2Arn('elastic-gpu/x'), {
        'ec2:Region': REGION,
        'ec2:ElasticGpuType': 'eg1.large',
      }),
    ],
  },
  {
    title: 'Request Spot Instances using RunInstances',
    policy: [
      run([IMAGES, SUBNET, INTERFACE, GROUP, KEY, VOLUME, INSTANCE]),
      run([ec2Arn('spot-instances-request/*', '*')], {
        StringEquals: { 'aws:RequestTag/environment': 'production' },
      }),
    ],
    allowed: [
      ec2('RunInstances', launch()),
      simulated('ec2:RunInstances', ec2Arn('spot-instances-request/*'), {
        'aws:RequestTag/environment': 'production',
      }),
    ],
    refused: [simulated('ec2:RunInstances', ec2Arn('spot-instances-request/*'))],
  },
  {
    title: 'Work with launch templates: versions of one',
    policy: [allow(['ec2:CreateLaunchTemplateVersion', 'ec2:ModifyLaunchTemplate'], TEMPLATE)],
    allowed: [simulated('ec2:ModifyLaunchTemplate', TEMPLATE)],
    refused: [
      simulated('ec2:ModifyLaunchTemplate', ec2Arn('launch-template/lt-0fedcba9876543210')),
    ],
  },
  {
    title: 'Work with launch templates: delete those for testing',
    policy: [
      allow(['ec2:DeleteLaunchTemplate', 'ec2:DeleteLaunchTemplateVersions'], TEMPLATES, {
        StringEquals: { 'ec2:ResourceTag/Purpose': 'Testing' },
      }),
    ],
    allowed: [
      simulated('ec2:DeleteLaunchTemplate', TEMPLATE, { 'ec2:ResourceTag/Purpose': 'Testing' }),
    ],
    refused: [simulated('ec2:DeleteLaunchTemplate', TEMPLATE)],
  },
  {
    title: 'Require the use of IMDSv2',
    policy: [
      run(['*']),
      deny('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*', {
        StringNotEquals: { 'ec2:MetadataHttpTokens': 'required' },
      }),
    ],
    allowed: [ec2('RunInstances', launch({ MetadataOptions: { HttpTokens: 'required' } }))],
    refused: [
      ec2('RunInstances', launch()),
      ec2('RunInstances', launch({ MetadataOptions: { HttpTokens: 'optional' } })),
    ],
  },
  {
    title: 'Specify maximum hop limit',
    policy: [
      run(['*']),
      deny('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*', {
        NumericGreaterThan: { 'ec2:MetadataHttpPutResponseHopLimit': '3' },
      }),
    ],
    allowed: [ec2('RunInstances', launch({ MetadataOptions: { HttpPutResponseHopLimit: 3 } }))],
    refused: [ec2('RunInstances', launch({ MetadataOptions: { HttpPutResponseHopLimit: 4 } }))],
  },
  {
    title: 'Limit who can modify the instance metadata options',
    policy: [
      allow('ec2:*'),
      deny('ec2:ModifyInstanceMetadataOptions', '*', {
        StringNotLike: { 'aws:PrincipalARN': 'arn:aws:iam::*:role/ec2-imds-admins' },
      }),
    ],
    allowed: [
      ec2('DescribeInstances'),
      simulated('ec2:ModifyInstanceMetadataOptions', INSTANCE, {
        'aws:PrincipalARN': 'arn:aws:iam::111122223333:role/ec2-imds-admins',
      }),
    ],
    refused: [
      ec2('ModifyInstanceMetadataOptions', (own) => ({
        InstanceId: own.mine,
        HttpTokens: 'required',
      })),
    ],
  },
  {
    title: 'Require role credentials to be retrieved from IMDSv2',
    policy: [allow('ec2:*'), deny('*', '*', { NumericLessThan: { 'ec2:RoleDelivery': '2.0' } })],
    allowed: [
      ec2('DescribeInstances'),
      simulated('ec2:DescribeInstances', '*', { 'ec2:RoleDelivery': '2.0' }),
    ],
    refused: [simulated('ec2:DescribeInstances', '*', { 'ec2:RoleDelivery': '1.0' })],
  },
]
