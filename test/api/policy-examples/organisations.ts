/**
 * AWS Organizations User Guide, "Service control policy examples": attached for real to a member account, and tried by
 * its administrator, whose own policy allows everything. The statements say what the pages' do.
 */
import { TINY } from '../../support/app.ts'
import { deny, ecIn, iamIn, tagging, type Example, type World } from './world.ts'

export const PAGE = 'Organizations: Service control policy examples'
/** How the test puts an example into force. */
export const isScp = true

const INSTANCES = 'arn:aws:ec2:*:*:instance/*'
const launch = (change: object = {}) => ({
  ImageId: TINY,
  InstanceType: 't3.nano',
  MinCount: 1,
  MaxCount: 1,
  ...change,
})
const ROLE = { RoleName: 'name-of-role' }

export const examples = (w: World): Example[] => [
  {
    title: 'Deny access to AWS based on the requested AWS Region',
    policy: [
      {
        Effect: 'Deny',
        NotAction: ['iam:*', 'organizations:*', 'sts:*'],
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:RequestedRegion': ['eu-central-1', 'eu-west-1'] } },
      },
    ],
    allowed: [ecIn('DescribeInstances', {}, 'eu-west-1'), iamIn('ListUsers')],
    refused: [ecIn('DescribeInstances'), ecIn('RunInstances', launch())],
  },
  {
    title: 'Deny by Region, but for a role that may',
    policy: [
      deny('ec2:*', '*', {
        StringNotEquals: { 'aws:RequestedRegion': 'eu-west-1' },
        ArnNotLike: { 'aws:PrincipalARN': 'arn:aws:iam::*:role/OrganizationAccountAccessRole' },
      }),
    ],
    allowed: [ecIn('DescribeInstances')],
    refused: [ecIn('DescribeInstances', {}, undefined, 'user')],
  },
  {
    title: 'Prevent IAM users and roles from making certain changes',
    policy: [
      deny(
        ['iam:AttachRolePolicy', 'iam:DeleteRole', 'iam:PutRolePolicy', 'iam:UpdateRole'],
        'arn:aws:iam::*:role/name-of-role',
      ),
    ],
    allowed: [iamIn('GetRole', ROLE), iamIn('DeleteRole', { RoleName: 'another' })],
    refused: [iamIn('DeleteRole', ROLE), iamIn('UpdateRole', ROLE)],
  },
  {
    title: 'Require MFA to perform an API operation',
    policy: [
      deny(['ec2:StopInstances', 'ec2:TerminateInstances'], '*', {
        BoolIfExists: { 'aws:MultiFactorAuthPresent': false },
      }),
    ],
    allowed: [ecIn('DescribeInstances')],
    refused: [ecIn('TerminateInstances', { InstanceIds: [w.farInstance] })],
  },
  {
    title: 'Require Amazon EC2 instances to use a specific type',
    policy: [
      deny('ec2:RunInstances', INSTANCES, { StringNotEquals: { 'ec2:InstanceType': 't3.nano' } }),
    ],
    allowed: [ecIn('RunInstances', launch())],
    refused: [ecIn('RunInstances', launch({ InstanceType: 't3.micro' }))],
  },
  {
    title: 'Require a tag on specified created resources',
    policy: [deny('ec2:RunInstances', INSTANCES, { Null: { 'aws:RequestTag/Project': 'true' } })],
    allowed: [ecIn('RunInstances', launch(tagging({ Project: 'x' }, 'instance')))],
    refused: [
      ecIn('RunInstances', launch()),
      ecIn('RunInstances', launch(tagging({ A: 'x' }, 'instance'))),
    ],
  },
  {
    title: 'Require the use of IMDSv2 in the account',
    policy: [
      deny('ec2:RunInstances', INSTANCES, {
        StringNotEquals: { 'ec2:MetadataHttpTokens': 'required' },
      }),
    ],
    allowed: [ecIn('RunInstances', launch({ MetadataOptions: { HttpTokens: 'required' } }))],
    refused: [ecIn('RunInstances', launch())],
  },
  {
    title: 'Prevent any VPC that does not already have internet access from getting it',
    policy: [deny(['ec2:AttachInternetGateway', 'ec2:CreateInternetGateway'])],
    allowed: [ecIn('DescribeInternetGateways')],
    refused: [ecIn('CreateInternetGateway')],
  },
  {
    title: 'Prevent sharing of images with other accounts',
    policy: [
      deny(['ec2:ModifyImageAttribute', 'ec2:ModifySnapshotAttribute'], '*', {
        Null: { 'ec2:Add/userId': 'false' },
      }),
    ],
    allowed: [ecIn('DescribeImages')],
    refused: [
      ecIn('ModifyImageAttribute', {
        ImageId: TINY,
        LaunchPermission: { Add: [{ UserId: '444455556666' }] },
      }),
    ],
  },
]
