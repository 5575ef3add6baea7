/**
 * IAM User Guide, "Example IAM identity-based policies": those for AWS and EC2, each a page of its own, named in
 * its title. The statements say what the pages' do, with this world's names.
 */
import {
  allow,
  deny,
  ec2,
  ec2Arn,
  iam,
  iamArn,
  launch,
  OWN_ADDRESS,
  simulated,
  USER,
  type Example,
  type World,
} from './world.ts'

export const PAGE = 'IAM: Example IAM identity-based policies'

const SELF = iamArn('user/${aws:username}')
const me = { UserName: USER }
const john = { UserName: 'john' }
const instances = (name: 'mine' | 'theirs') => (w: World) => ({ InstanceIds: [w[name]] })
const start = ['ec2:StartInstances', 'ec2:StopInstances']

export const examples = (w: World): Example[] => [
  {
    title: 'AWS: Allows access based on date and time',
    policy: [
      allow('s3:ListAllMyBuckets', '*', {
        DateGreaterThan: { 'aws:CurrentTime': '2020-04-01T00:00:00Z' },
        DateLessThan: { 'aws:CurrentTime': '2020-06-30T23:59:59Z' },
      }),
      allow('ec2:DescribeVpcs', '*', {
        DateGreaterThan: { 'aws:CurrentTime': '2020-04-01T00:00:00Z' },
        DateLessThan: { 'aws:CurrentTime': '2099-06-30T23:59:59Z' },
      }),
    ],
    allowed: [
      simulated('s3:ListAllMyBuckets', '*', { 'aws:CurrentTime': '2020-05-01T00:00:00Z' }),
      ec2('DescribeVpcs'),
    ],
    refused: [simulated('s3:ListAllMyBuckets', '*', { 'aws:CurrentTime': '2020-07-01T00:00:00Z' })],
  },
  {
    title: 'AWS: Allows MFA-authenticated IAM users to manage their own credentials',
    policy: [
      allow(['iam:GetAccountPasswordPolicy', 'iam:ListVirtualMFADevices']),
      allow(['iam:ChangePassword', 'iam:GetUser'], SELF),
      allow(['iam:CreateAccessKey', 'iam:DeleteAccessKey', 'iam:ListAccessKeys'], SELF),
      allow(['iam:EnableMFADevice', 'iam:ListMFADevices', 'iam:ResyncMFADevice'], SELF),
      {
        Effect: 'Deny',
        NotAction: [
          'iam:CreateVirtualMFADevice',
          'iam:EnableMFADevice',
          'iam:GetUser',
          'iam:ListMFADevices',
          'iam:ListVirtualMFADevices',
          'iam:ResyncMFADevice',
          'sts:GetSessionToken',
        ],
        Resource: '*',
        Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      },
    ],
    allowed: [
      iam('GetUser'),
      iam('ListMFADevices', me),
      iam('ListAccessKeys', me, { hasMfa: true }),
    ],
    refused: [iam('ListAccessKeys', me), iam('ListAccessKeys', john, { hasMfa: true })],
  },
  {
    title: 'AWS: Allows IAM users to manage their own credentials',
    policy: [
      allow(['iam:GetAccountPasswordPolicy', 'iam:GetAccountSummary']),
      allow(['iam:ChangePassword', 'iam:GetUser', 'iam:*AccessKey*', 'iam:*SSHPublicKey*'], SELF),
      allow(['iam:*SigningCertificate*'], SELF),
    ],
    allowed: [
      iam('GetAccountSummary'),
      iam('ListAccessKeys', me),
      iam('ListSSHPublicKeys', me),
      iam('ListSigningCertificates', me),
    ],
    refused: [iam('ListAccessKeys', john), iam('ListUsers')],
  },
  {
    title: 'AWS: Allows IAM users to manage their own MFA device',
    policy: [
      allow('iam:ListVirtualMFADevices'),
      allow('iam:CreateVirtualMFADevice', iamArn('mfa/*')),
      allow(
        ['iam:EnableMFADevice', 'iam:GetUser', 'iam:ListMFADevices', 'iam:ResyncMFADevice'],
        SELF,
      ),
      allow('iam:DeactivateMFADevice', SELF, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    ],
    allowed: [
      iam('ListVirtualMFADevices'),
      iam('ListMFADevices', me),
      iam('CreateVirtualMFADevice', { VirtualMFADeviceName: 'second' }),
    ],
    refused: [
      iam('DeactivateMFADevice', { ...me, SerialNumber: iamArn(`mfa/${USER}`) }),
      iam('ListMFADevices', john),
    ],
  },
  {
    title: 'AWS: Allows IAM users to change their own console password',
    policy: [
      allow('iam:GetAccountPasswordPolicy'),
      allow(['iam:ChangePassword', 'iam:GetUser'], SELF),
    ],
    allowed: [iam('GetUser'), iam('GetAccountPasswordPolicy')],
    refused: [iam('GetUser', john), iam('ListAccessKeys', me)],
  },
  {
    title: 'AWS: Allows IAM users to manage their own password, access keys, and SSH public keys',
    policy: [
      allow(['iam:GetAccountPasswordPolicy']),
      allow(['iam:ChangePassword', 'iam:GetUser'], SELF),
      allow(['iam:CreateAccessKey', 'iam:ListAccessKeys', 'iam:UpdateAccessKey'], SELF),
      allow(['iam:ListSSHPublicKeys', 'iam:UploadSSHPublicKey'], SELF),
    ],
    allowed: [iam('ListSSHPublicKeys', me), iam('ListAccessKeys')],
    refused: [iam('ListSSHPublicKeys', john), iam('DeleteUser', john)],
  },
  {
    title: 'AWS: Allows specific access using MFA within specific dates',
    policy: [
      allow(['ec2:DescribeVpcs'], '*', {
        Bool: { 'aws:MultiFactorAuthPresent': true },
        DateGreaterThan: { 'aws:CurrentTime': '2017-07-01T00:00:00Z' },
        DateLessThan: { 'aws:CurrentTime': '2099-12-31T23:59:59Z' },
      }),
    ],
    allowed: [ec2('DescribeVpcs', {}, { hasMfa: true })],
    refused: [
      ec2('DescribeVpcs'),
      simulated('ec2:DescribeVpcs', '*', {
        'aws:MultiFactorAuthPresent': 'true',
        'aws:CurrentTime': '2016-07-01T00:00:00Z',
      }),
    ],
  },
  {
    title: 'AWS: Denies access to AWS based on the source IP',
    policy: [
      allow('ec2:*'),
      deny('*', '*', {
        NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', OWN_ADDRESS] },
        Bool: { 'aws:ViaAWSService': 'false' },
      }),
    ],
    allowed: [ec2('DescribeVpcs')],
    refused: [
      simulated('ec2:DescribeVpcs', '*', {
        'aws:SourceIp': '203.0.113.7',
        'aws:ViaAWSService': 'false',
      }),
    ],
  },
  {
    title: 'AWS: Denies access to AWS based on the source IP, from elsewhere',
    policy: [
      allow('ec2:*'),
      deny('*', '*', { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '203.0.113.0/24'] } }),
    ],
    allowed: [simulated('ec2:DescribeVpcs', '*', { 'aws:SourceIp': '203.0.113.7' })],
    refused: [ec2('DescribeVpcs')],
  },
  {
    title: 'Amazon EC2: Attach or detach volumes to an EC2 instance',
    policy: [
      allow(['ec2:AttachVolume', 'ec2:DetachVolume'], [ec2Arn('instance/*'), ec2Arn('volume/*')], {
        ArnEquals: { 'ec2:SourceInstanceARN': ec2Arn(`instance/${w.mine}`) },
      }),
    ],
    allowed: [
      simulated('ec2:AttachVolume', ec2Arn(`volume/${w.myVolume}`), {
        'ec2:SourceInstanceARN': ec2Arn(`instance/${w.mine}`),
      }),
    ],
    refused: [ec2('DetachVolume', (own) => ({ VolumeId: own.theirVolume, InstanceId: own.mine }))],
  },
  {
    title: 'Amazon EC2: Attach or detach Amazon EBS volumes to EC2 instances based on tags',
    policy: [
      allow(['ec2:AttachVolume', 'ec2:DetachVolume'], ec2Arn('instance/*'), {
        StringEquals: { 'aws:ResourceTag/Department': 'dev' },
      }),
      allow(['ec2:AttachVolume', 'ec2:DetachVolume'], ec2Arn('volume/*'), {
        StringEquals: { 'aws:ResourceTag/VolumeUser': '${aws:username}' },
      }),
    ],
    allowed: [
      ec2('AttachVolume', (own) => ({
        VolumeId: own.myVolume,
        InstanceId: own.mine,
        Device: '/dev/sdg',
      })),
    ],
    refused: [
      ec2('AttachVolume', (own) => ({
        VolumeId: own.theirVolume,
        InstanceId: own.mine,
        Device: '/dev/sdg',
      })),
    ],
  },
  {
    title: 'Amazon EC2: Allows launching EC2 instances in a specific subnet',
    policy: [
      allow(['ec2:Describe*', 'ec2:GetConsole*']),
      allow('ec2:RunInstances', [
        ec2Arn(`subnet/${w.subnet}`, '*'),
        'arn:aws:ec2:*:*:network-interface/*',
        'arn:aws:ec2:*:*:instance/*',
        'arn:aws:ec2:*:*:volume/*',
        'arn:aws:ec2:*::image/ami-*',
        'arn:aws:ec2:*:*:key-pair/*',
        'arn:aws:ec2:*:*:security-group/*',
      ]),
    ],
    allowed: [ec2('RunInstances', launch()), ec2('DescribeSubnets')],
    refused: [ec2('RunInstances', launch({ SubnetId: w.otherSubnet }))],
  },
  {
    title: 'Amazon EC2: Allows managing EC2 security groups with a specific tag key-value pair',
    policy: [
      allow(['ec2:DescribeSecurityGroups', 'ec2:DescribeTags']),
      allow(
        ['ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress'],
        ec2Arn('security-group/*'),
        {
          StringEquals: { 'aws:ResourceTag/Stack': 'test' },
        },
      ),
      allow('ec2:ModifySecurityGroupRules', ec2Arn('security-group-rule/*')),
    ],
    allowed: [
      ec2('AuthorizeSecurityGroupIngress', (own) => ({
        GroupId: own.group,
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 80,
        CidrIp: '192.0.2.0/24',
      })),
    ],
    refused: [
      ec2('AuthorizeSecurityGroupIngress', (own) => ({
        GroupId: own.farGroup,
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 80,
        CidrIp: '192.0.2.0/24',
      })),
    ],
  },
  {
    title: 'Amazon EC2: Allows starting or stopping EC2 instances a user has tagged',
    policy: [
      allow(start, ec2Arn('instance/*', '*'), {
        StringEquals: { 'aws:ResourceTag/Owner': '${aws:username}' },
      }),
      allow('ec2:DescribeInstances'),
    ],
    allowed: [ec2('StopInstances', instances('mine')), ec2('DescribeInstances')],
    refused: [ec2('StopInstances', instances('theirs'))],
  },
  {
    title: 'EC2: Start or stop instances based on tags',
    policy: [
      allow([...start, 'ec2:DescribeTags'], ec2Arn('instance/*'), {
        StringEquals: {
          'aws:ResourceTag/Department': 'dev',
          'aws:PrincipalTag/department': 'dev',
        },
      }),
    ],
    allowed: [ec2('StopInstances', instances('mine'))],
    refused: [ec2('StopInstances', instances('theirs'))],
  },
  {
    title: 'EC2: Start or stop instances based on matching principal and resource tags',
    policy: [
      allow(['ec2:startInstances', 'ec2:stopInstances'], '*', {
        StringEquals: { 'aws:ResourceTag/CostCenter': '${aws:PrincipalTag/CostCenter}' },
      }),
    ],
    allowed: [ec2('StopInstances', instances('mine'))],
    refused: [ec2('StopInstances', instances('theirs'))],
  },
  {
    title: 'Amazon EC2: Allows full EC2 access within a specific Region',
    policy: [allow('ec2:*', '*', { StringEquals: { 'ec2:Region': 'us-east-2' } })],
    allowed: [ec2('DescribeInstances', {}, { region: 'us-east-2' })],
    refused: [ec2('DescribeInstances')],
  },
  {
    title: 'Amazon EC2: Allows starting or stopping an EC2 instance and modifying a security group',
    policy: [
      allow(['ec2:DescribeInstances', 'ec2:DescribeSecurityGroups']),
      allow(
        ['ec2:AuthorizeSecurityGroupIngress', ...start],
        [ec2Arn(`instance/${w.mine}`, '*'), ec2Arn(`security-group/${w.group}`, '*')],
      ),
    ],
    allowed: [ec2('StopInstances', instances('mine')), ec2('DescribeSecurityGroups')],
    refused: [ec2('StopInstances', instances('theirs'))],
  },
  {
    title: 'Amazon EC2: Limits terminating EC2 instances to an IP address range',
    policy: [
      allow('ec2:TerminateInstances'),
      deny('ec2:TerminateInstances', '*', {
        NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '203.0.113.0/24'] },
      }),
    ],
    allowed: [simulated('ec2:TerminateInstances', '*', { 'aws:SourceIp': '192.0.2.9' })],
    refused: [ec2('TerminateInstances', instances('mine'))],
  },
]
