/**
 * Amazon VPC User Guide, "Amazon VPC policy examples", and Amazon EC2 User Guide, "Example policies to control access
 * to the Amazon EC2 console". The statements say what the pages' do, with this world's names.
 */
import { ACCOUNT, REGION } from '../../support/cloud.ts'
import {
  allow,
  ec2,
  ec2Arn,
  IMAGES,
  launch,
  simulated,
  tagging,
  type Example,
  type World,
} from './world.ts'

export const PAGE = 'VPC: Amazon VPC policy examples; EC2: Example policies for the console'

const GROUPS = 'arn:aws:ec2:*:*:security-group/*'
const ingress = (GroupId: keyof World) => (w: World) => ({
  GroupId: w[GroupId],
  IpProtocol: 'tcp',
  FromPort: 22,
  ToPort: 22,
  CidrIp: '192.0.2.0/24',
})
const groupNew = (change: object) => (w: World) => ({
  GroupName: 'new',
  Description: 'new',
  VpcId: w.vpc,
  ...change,
})
const RULES = [
  'ec2:AuthorizeSecurityGroupIngress',
  'ec2:RevokeSecurityGroupIngress',
  'ec2:AuthorizeSecurityGroupEgress',
  'ec2:RevokeSecurityGroupEgress',
  'ec2:ModifySecurityGroupRules',
]

export const examples = (w: World): Example[] => [
  {
    title: 'Use the Amazon VPC console',
    policy: [
      allow([
        'ec2:DescribeAddresses',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeNatGateways',
        'ec2:DescribeNetworkAcls',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ]),
    ],
    allowed: [ec2('DescribeVpcs'), ec2('DescribeSubnets'), ec2('DescribeAddresses')],
    refused: [ec2('CreateVpc', { CidrBlock: '10.8.0.0/16' }), ec2('DescribeInstances')],
  },
  {
    title: 'Create a VPC with a public subnet',
    policy: [
      allow([
        'ec2:CreateVpc',
        'ec2:CreateSubnet',
        'ec2:DescribeAvailabilityZones',
        'ec2:CreateRouteTable',
        'ec2:CreateRoute',
        'ec2:CreateInternetGateway',
        'ec2:AttachInternetGateway',
        'ec2:AssociateRouteTable',
        'ec2:ModifyVpcAttribute',
      ]),
    ],
    allowed: [
      ec2('CreateVpc', { CidrBlock: '10.8.0.0/16' }),
      ec2('CreateInternetGateway'),
      ec2('CreateRouteTable', (own) => ({ VpcId: own.vpc })),
    ],
    refused: [ec2('DeleteVpc', (own) => ({ VpcId: own.farVpc })), ec2('DescribeVpcs')],
  },
  {
    title: 'Modify and delete VPC resources',
    policy: [
      allow('ec2:DeleteInternetGateway', 'arn:aws:ec2:*:*:internet-gateway/*', {
        StringEquals: { 'ec2:ResourceTag/Purpose': 'Test' },
      }),
      allow(
        ['ec2:DeleteRouteTable', 'ec2:CreateRoute', 'ec2:ReplaceRoute', 'ec2:DeleteRoute'],
        'arn:aws:ec2:*:*:route-table/*',
        { StringEquals: { 'ec2:ResourceTag/Purpose': 'Test' } },
      ),
    ],
    allowed: [
      ec2('DeleteInternetGateway', (own) => ({ InternetGatewayId: own.gateway })),
      ec2('DeleteRouteTable', (own) => ({ RouteTableId: own.table })),
    ],
    refused: [
      ec2('DeleteInternetGateway', (own) => ({ InternetGatewayId: own.otherGateway })),
      ec2('DeleteRouteTable', (own) => ({ RouteTableId: own.farTable })),
    ],
  },
  {
    title: 'Manage security groups',
    policy: [
      allow([...RULES, 'ec2:DeleteSecurityGroup'], GROUPS, {
        StringEquals: { 'ec2:ResourceTag/Stack': 'test' },
      }),
      allow('ec2:CreateSecurityGroup', GROUPS, {
        StringEquals: { 'aws:RequestTag/Stack': 'test' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': 'Stack' },
      }),
      allow('ec2:CreateTags', GROUPS, {
        StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' },
      }),
      allow(['ec2:DescribeSecurityGroupRules', 'ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups']),
      allow('ec2:CreateSecurityGroup', 'arn:aws:ec2:*:*:vpc/*'),
    ],
    allowed: [
      ec2('DeleteSecurityGroup', (own) => ({ GroupId: own.group })),
      ec2('AuthorizeSecurityGroupIngress', ingress('group')),
      ec2('CreateSecurityGroup', groupNew(tagging({ Stack: 'test' }, 'security-group'))),
      ec2('DescribeSecurityGroups'),
    ],
    refused: [
      ec2('DeleteSecurityGroup', (own) => ({ GroupId: own.farGroup })),
      ec2('AuthorizeSecurityGroupIngress', ingress('farGroup')),
      ec2('CreateSecurityGroup', groupNew({})),
      ec2('CreateSecurityGroup', groupNew(tagging({ Stack: 'prod' }, 'security-group'))),
    ],
  },
  {
    title: 'Manage security group rules',
    policy: [
      allow(RULES, ec2Arn('security-group/*'), {
        ArnEquals: { 'ec2:Vpc': ec2Arn(`vpc/${w.vpc}`) },
      }),
      allow(['ec2:DescribeSecurityGroups', 'ec2:DescribeSecurityGroupRules', 'ec2:DescribeTags']),
    ],
    allowed: [ec2('AuthorizeSecurityGroupIngress', ingress('group')), ec2('DescribeTags')],
    refused: [
      ec2('AuthorizeSecurityGroupIngress', ingress('farGroup')),
      ec2('DeleteSecurityGroup', (own) => ({ GroupId: own.group })),
    ],
  },
  {
    title: 'Launch instances into a specific subnet',
    policy: [
      allow('ec2:RunInstances', [
        IMAGES,
        ec2Arn('instance/*'),
        ec2Arn(`subnet/${w.subnet}`),
        ec2Arn('network-interface/*'),
        ec2Arn('volume/*'),
        ec2Arn('key-pair/*'),
        ec2Arn(`security-group/${w.group}`),
      ]),
    ],
    allowed: [ec2('RunInstances', launch())],
    refused: [
      ec2('RunInstances', launch({ SubnetId: w.otherSubnet })),
      ec2('RunInstances', launch({ SecurityGroupIds: [] })),
    ],
  },
  {
    title: 'Launch instances into a specific VPC',
    policy: [
      allow('ec2:RunInstances', ec2Arn('subnet/*'), {
        ArnEquals: { 'ec2:Vpc': ec2Arn(`vpc/${w.vpc}`) },
      }),
      allow('ec2:RunInstances', [
        IMAGES,
        ec2Arn('instance/*'),
        ec2Arn('volume/*'),
        ec2Arn('network-interface/*'),
        ec2Arn('key-pair/*'),
        ec2Arn('security-group/*'),
      ]),
    ],
    allowed: [
      ec2('RunInstances', launch()),
      ec2('RunInstances', launch({ SubnetId: w.otherSubnet })),
    ],
    refused: [
      ec2('RunInstances', launch({ SubnetId: w.farSubnet, SecurityGroupIds: [w.farGroup] })),
    ],
  },
  {
    title: 'VPC peering: create a connection',
    policy: [
      allow('ec2:CreateVpcPeeringConnection', ec2Arn('vpc/*'), {
        StringEquals: { 'ec2:ResourceTag/Purpose': 'Peering' },
      }),
      allow('ec2:CreateVpcPeeringConnection', ec2Arn('vpc-peering-connection/*')),
    ],
    allowed: [
      simulated('ec2:CreateVpcPeeringConnection', ec2Arn(`vpc/${w.vpc}`), {
        'ec2:ResourceTag/Purpose': 'Peering',
      }),
    ],
    refused: [simulated('ec2:CreateVpcPeeringConnection', ec2Arn(`vpc/${w.farVpc}`))],
  },
  {
    title: 'VPC peering: accept only from one account',
    policy: [
      allow('ec2:AcceptVpcPeeringConnection', ec2Arn('vpc-peering-connection/*'), {
        ArnEquals: { 'ec2:RequesterVpc': `arn:aws:ec2:${REGION}:444455556666:vpc/*` },
      }),
    ],
    allowed: [
      simulated('ec2:AcceptVpcPeeringConnection', ec2Arn('vpc-peering-connection/pcx-1'), {
        'ec2:RequesterVpc': `arn:aws:ec2:${REGION}:444455556666:vpc/vpc-1`,
      }),
    ],
    refused: [
      simulated('ec2:AcceptVpcPeeringConnection', ec2Arn('vpc-peering-connection/pcx-1'), {
        'ec2:RequesterVpc': `arn:aws:ec2:${REGION}:777788889999:vpc/vpc-1`,
      }),
    ],
  },
  {
    title: 'VPC endpoints: only of one service',
    policy: [
      allow('ec2:CreateVpcEndpoint', [ec2Arn('vpc/*'), ec2Arn('route-table/*')]),
      allow('ec2:CreateVpcEndpoint', ec2Arn('vpc-endpoint/*'), {
        StringEquals: { 'ec2:VpceServiceName': [`com.amazonaws.${REGION}.s3`] },
      }),
    ],
    allowed: [
      simulated('ec2:CreateVpcEndpoint', ec2Arn('vpc-endpoint/*'), {
        'ec2:VpceServiceName': `com.amazonaws.${REGION}.s3`,
      }),
    ],
    refused: [
      simulated('ec2:CreateVpcEndpoint', ec2Arn('vpc-endpoint/*'), {
        'ec2:VpceServiceName': `com.amazonaws.${REGION}.sqs`,
      }),
    ],
  },
  {
    title: 'Console: Work with volumes',
    policy: [allow(['ec2:DescribeVolumes', 'ec2:DescribeAvailabilityZones', 'ec2:CreateVolume'])],
    allowed: [
      ec2('DescribeVolumes'),
      ec2('CreateVolume', { AvailabilityZone: `${REGION}a`, Size: 1 }),
    ],
    refused: [ec2('DeleteVolume', (own) => ({ VolumeId: own.theirVolume }))],
  },
  {
    title: 'Console: View and change rules of one security group',
    policy: [
      allow('ec2:DescribeSecurityGroups'),
      allow(RULES, ec2Arn(`security-group/${w.group}`)),
    ],
    allowed: [
      ec2('DescribeSecurityGroups'),
      ec2('AuthorizeSecurityGroupIngress', ingress('group')),
    ],
    refused: [ec2('AuthorizeSecurityGroupIngress', ingress('farGroup'))],
  },
  {
    title: 'Console: Work with Elastic IP addresses',
    policy: [
      allow([
        'ec2:DescribeAddresses',
        'ec2:AllocateAddress',
        'ec2:DescribeInstances',
        'ec2:AssociateAddress',
      ]),
    ],
    allowed: [ec2('DescribeAddresses'), ec2('AllocateAddress', { Domain: 'vpc' })],
    refused: [ec2('ReleaseAddress', (own) => ({ AllocationId: own.address }))],
  },
  {
    title: 'Console: Launch into the launch wizard of one account and region',
    policy: [
      allow(['ec2:DescribeInstances', 'ec2:DescribeImages', 'ec2:DescribeInstanceTypes']),
      allow('ec2:RunInstances', [`arn:aws:ec2:${REGION}:${ACCOUNT}:*`, IMAGES]),
    ],
    allowed: [ec2('RunInstances', launch()), ec2('DescribeInstanceTypes')],
    refused: [
      simulated('ec2:RunInstances', ec2Arn('instance/*', 'eu-west-1')),
      ec2('StopInstances', (own) => ({ InstanceIds: [own.mine] })),
    ],
  },
]
