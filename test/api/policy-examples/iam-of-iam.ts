/**
 * IAM User Guide, "Example IAM identity-based policies": those for IAM itself, each a page of its own, named in its
 * title. The statements say what the pages' do, with this world's names.
 */
import { allow, iam, iamArn, simulated, tags, USER, type Example } from './world.ts'

export const PAGE = 'IAM: Example IAM identity-based policies (IAM)'

const SELF = iamArn('user/${aws:username}')
const MFA_SELF = iamArn('mfa/${aws:username}')
const me = { UserName: USER }
const john = { UserName: 'john' }

export const examples = (): Example[] => [
  {
    title: 'IAM: Access the policy simulator API',
    policy: [
      allow([
        'iam:GetContextKeysForCustomPolicy',
        'iam:GetContextKeysForPrincipalPolicy',
        'iam:SimulateCustomPolicy',
        'iam:SimulatePrincipalPolicy',
      ]),
    ],
    allowed: [
      iam('SimulateCustomPolicy', { PolicyInputList: ['{}'], ActionNames: ['ec2:RunInstances'] }),
      iam('GetContextKeysForPrincipalPolicy', { PolicySourceArn: iamArn('user/john') }),
    ],
    refused: [iam('GetUser', john)],
  },
  {
    title: 'IAM: Add a specific tag to a user with a specific tag',
    policy: [
      allow('iam:TagUser', '*', {
        StringEquals: {
          'iam:ResourceTag/team': 'a',
          'aws:RequestTag/Dept': ['Marketing', 'Human Resources'],
        },
        'ForAllValues:StringEquals': { 'aws:TagKeys': 'Dept' },
      }),
    ],
    allowed: [iam('TagUser', { ...me, Tags: tags({ Dept: 'Marketing' }) })],
    refused: [
      iam('TagUser', { ...me, Tags: tags({ Dept: 'Finance' }) }),
      iam('TagUser', { ...john, Tags: tags({ Dept: 'Marketing' }) }),
    ],
  },
  {
    title: 'IAM: Add a specific tag with specific values',
    policy: [
      allow('iam:ListUserTags'),
      allow(['iam:TagUser', 'iam:TagRole'], '*', {
        StringEquals: { 'aws:RequestTag/Project': ['A', 'B'] },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['Project'] },
      }),
    ],
    allowed: [iam('TagUser', { ...john, Tags: tags({ Project: 'A' }) }), iam('ListUserTags', john)],
    refused: [iam('TagUser', { ...john, Tags: tags({ Project: 'C' }) })],
  },
  {
    title: 'IAM: Create new users only with specific tags',
    policy: [
      allow(['iam:CreateUser', 'iam:TagUser'], '*', {
        StringEquals: { 'aws:RequestTag/Department': ['Development', 'QualityAssurance'] },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['Department'] },
      }),
    ],
    allowed: [iam('CreateUser', { UserName: 'new-1', Tags: tags({ Department: 'Development' }) })],
    refused: [
      iam('CreateUser', { UserName: 'new-2' }),
      iam('CreateUser', { UserName: 'new-2', Tags: tags({ Department: 'Sales' }) }),
    ],
  },
  {
    title: 'IAM: Manage IAM tags',
    policy: [
      allow(['iam:TagUser', 'iam:TagRole', 'iam:UntagUser', 'iam:UntagRole'], '*', {
        'ForAllValues:StringEquals': { 'aws:TagKeys': 'Department' },
      }),
    ],
    allowed: [
      iam('TagUser', { ...john, Tags: tags({ Department: 'X' }) }),
      iam('UntagUser', { ...john, TagKeys: ['Department'] }),
    ],
    refused: [iam('UntagUser', { ...john, TagKeys: ['Project'] })],
  },
  {
    title: 'IAM: Access the policy simulator API based on user path',
    policy: [
      allow('iam:GetContextKeysForPrincipalPolicy', iamArn('user/Department/Development/*')),
    ],
    allowed: [
      simulated('iam:GetContextKeysForPrincipalPolicy', iamArn('user/Department/Development/ada')),
    ],
    refused: [iam('GetContextKeysForPrincipalPolicy', { PolicySourceArn: iamArn('user/john') })],
  },
  {
    title: 'IAM: Allows IAM users to self-manage an MFA device',
    policy: [
      allow(['iam:ListMFADevices', 'iam:ListVirtualMFADevices', 'iam:ListUsers']),
      allow(['iam:CreateVirtualMFADevice'], MFA_SELF),
      allow(['iam:EnableMFADevice', 'iam:ResyncMFADevice', 'iam:DeactivateMFADevice'], SELF),
    ],
    allowed: [iam('ListUsers'), iam('ListVirtualMFADevices')],
    refused: [
      iam('CreateVirtualMFADevice', { VirtualMFADeviceName: 'john' }),
      iam('DeactivateMFADevice', { ...john, SerialNumber: iamArn('mfa/john') }),
    ],
  },
  {
    title: 'IAM: Allows IAM users to rotate their own credentials programmatically',
    policy: [
      allow(['iam:ListUsers', 'iam:GetAccountPasswordPolicy']),
      allow(['iam:*AccessKey*', 'iam:ChangePassword', 'iam:GetUser'], SELF),
    ],
    allowed: [iam('ListAccessKeys'), iam('GetUser'), iam('ListUsers')],
    refused: [iam('CreateAccessKey', john), iam('ListAccessKeys', john)],
  },
  {
    title: 'IAM: Limits managed policies that can be applied to an IAM user, group, or role',
    policy: [
      allow(['iam:AttachUserPolicy', 'iam:DetachUserPolicy'], '*', {
        ArnEquals: { 'iam:PolicyARN': ['arn:aws:iam::aws:policy/IAMReadOnlyAccess'] },
      }),
    ],
    allowed: [
      iam('AttachUserPolicy', { ...john, PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess' }),
    ],
    refused: [
      iam('AttachUserPolicy', {
        ...john,
        PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
      }),
    ],
  },
]
