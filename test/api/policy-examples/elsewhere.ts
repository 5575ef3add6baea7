/**
 * Examples for services that are not served here, and for organisations and Backup: asked of the simulator, which is
 * the engine that guards every call. Each title names its page. The statements say what the pages' do.
 */
import { REGION } from '../../support/cloud.ts'
import { allow, deny, iamArn, simulated, type Example } from './world.ts'

export const PAGE = 'IAM, Organizations, Backup: examples for other services'

const TABLE = `arn:aws:dynamodb:${REGION}:111122223333:table/MyTable`
const BUCKET = 'arn:aws:s3:::bucket'
const VAULT = `arn:aws:backup:${REGION}:111122223333:backup-vault:`
const INSTANCE = `arn:aws:ec2:${REGION}:111122223333:instance/i-0123456789abcdef0`
const DB = `arn:aws:rds:${REGION}:111122223333:db:one`
const REPOSITORY = `arn:aws:codecommit:${REGION}:111122223333:MyRepo`
const everything = allow('*')

export const examples = (): Example[] => [
  {
    title: 'Amazon DynamoDB: Allows access to a specific table',
    policy: [
      allow(['dynamodb:List*', 'dynamodb:DescribeLimits']),
      allow(
        ['dynamodb:BatchGet*', 'dynamodb:Query', 'dynamodb:PutItem'],
        'arn:aws:dynamodb:*:*:table/MyTable',
      ),
    ],
    allowed: [simulated('dynamodb:Query', TABLE), simulated('dynamodb:ListTables', '*')],
    refused: [simulated('dynamodb:Query', `${TABLE}2`), simulated('dynamodb:DeleteTable', TABLE)],
  },
  {
    title: 'Amazon DynamoDB: Allows access to specific columns',
    policy: [
      allow('dynamodb:GetItem', TABLE, {
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['column-1', 'column-2'] },
        StringEqualsIfExists: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
      }),
    ],
    allowed: [simulated('dynamodb:GetItem', TABLE, { 'dynamodb:Attributes': ['column-1'] })],
    refused: [
      simulated('dynamodb:GetItem', TABLE, { 'dynamodb:Attributes': ['column-1', 'column-3'] }),
      simulated('dynamodb:GetItem', TABLE, {
        'dynamodb:Attributes': ['column-1'],
        'dynamodb:Select': 'ALL_ATTRIBUTES',
      }),
    ],
  },
  {
    title: 'Amazon DynamoDB: Allows row-level access based on an Amazon Cognito ID',
    policy: [
      allow('dynamodb:GetItem', TABLE, {
        'ForAllValues:StringEquals': {
          'dynamodb:LeadingKeys': ['${cognito-identity.amazonaws.com:sub}'],
        },
      }),
    ],
    allowed: [
      simulated('dynamodb:GetItem', TABLE, {
        'dynamodb:LeadingKeys': ['ada'],
        'cognito-identity.amazonaws.com:sub': 'ada',
      }),
    ],
    refused: [
      simulated('dynamodb:GetItem', TABLE, {
        'dynamodb:LeadingKeys': ['bob'],
        'cognito-identity.amazonaws.com:sub': 'ada',
      }),
    ],
  },
  {
    title: 'Amazon S3: Allows Amazon Cognito users to access objects in their bucket',
    policy: [
      allow('s3:ListBucket', BUCKET, {
        StringLike: { 's3:prefix': 'cognito/app/${cognito-identity.amazonaws.com:sub}/*' },
      }),
      allow('s3:GetObject', `${BUCKET}/cognito/app/\${cognito-identity.amazonaws.com:sub}/*`),
    ],
    allowed: [
      simulated('s3:GetObject', `${BUCKET}/cognito/app/ada/x`, {
        'cognito-identity.amazonaws.com:sub': 'ada',
      }),
      simulated('s3:ListBucket', BUCKET, {
        's3:prefix': 'cognito/app/ada/x',
        'cognito-identity.amazonaws.com:sub': 'ada',
      }),
    ],
    refused: [
      simulated('s3:GetObject', `${BUCKET}/cognito/app/bob/x`, {
        'cognito-identity.amazonaws.com:sub': 'ada',
      }),
      simulated('s3:GetObject', `${BUCKET}/cognito/app/ada/x`),
    ],
  },
  {
    title: 'Amazon S3: Allows federated users access to their S3 home directory',
    policy: [allow('s3:*', [`${BUCKET}/home/\${aws:userid}`, `${BUCKET}/home/\${aws:userid}/*`])],
    allowed: [
      simulated('s3:PutObject', `${BUCKET}/home/AROAX:ada/x`, { 'aws:userid': 'AROAX:ada' }),
    ],
    refused: [
      simulated('s3:PutObject', `${BUCKET}/home/AROAX:bob/x`, { 'aws:userid': 'AROAX:ada' }),
    ],
  },
  {
    title: 'Amazon S3: Allows IAM users access to their S3 home directory',
    policy: [
      allow('s3:ListBucket', BUCKET, {
        StringLike: { 's3:prefix': ['', 'home/', 'home/${aws:username}/*'] },
      }),
      allow('s3:*', `${BUCKET}/home/\${aws:username}/*`),
    ],
    allowed: [
      simulated('s3:ListBucket', BUCKET, { 's3:prefix': '', 'aws:username': 'ada' }),
      simulated('s3:GetObject', `${BUCKET}/home/ada/x`, { 'aws:username': 'ada' }),
    ],
    refused: [
      simulated('s3:ListBucket', BUCKET, { 's3:prefix': 'home/bob/x', 'aws:username': 'ada' }),
      // A name with a wildcard in it is only a name.
      simulated('s3:GetObject', `${BUCKET}/home/bob/x`, { 'aws:username': '*' }),
    ],
  },
  {
    title: 'Amazon S3: Restricts management to a specific bucket',
    policy: [
      allow('s3:*', [BUCKET, `${BUCKET}/*`]),
      {
        Effect: 'Deny',
        NotAction: 's3:*',
        NotResource: [BUCKET, `${BUCKET}/*`],
      },
    ],
    allowed: [simulated('s3:PutObject', `${BUCKET}/x`)],
    refused: [simulated('ec2:DescribeInstances', '*'), simulated('s3:PutObject', `${BUCKET}2/x`)],
  },
  {
    title: 'Amazon S3: Allows read and write access to objects in a bucket',
    policy: [allow('s3:ListBucket', BUCKET), allow('s3:*Object', `${BUCKET}/*`)],
    allowed: [simulated('s3:DeleteObject', `${BUCKET}/x`), simulated('s3:ListBucket', BUCKET)],
    refused: [simulated('s3:PutObjectAcl', `${BUCKET}/x`), simulated('s3:DeleteBucket', BUCKET)],
  },
  {
    title:
      'Amazon S3: Allows read and write access to objects in a bucket, programmatically and in the console',
    policy: [
      allow(['s3:GetBucketLocation', 's3:ListAllMyBuckets'], 'arn:aws:s3:::*'),
      allow(['s3:PutObject', 's3:GetObject'], `${BUCKET}/*`),
    ],
    allowed: [simulated('s3:GetBucketLocation', 'arn:aws:s3:::any')],
    refused: [simulated('s3:DeleteObject', `${BUCKET}/x`)],
  },
  {
    title: 'Amazon RDS: Allows full RDS database access within a specific Region',
    policy: [allow('rds:*', `arn:aws:rds:${REGION}:*:*`), allow('rds:Describe*')],
    allowed: [simulated('rds:DeleteDBInstance', DB)],
    refused: [simulated('rds:DeleteDBInstance', DB.replace(REGION, 'eu-west-1'))],
  },
  {
    title: 'Amazon RDS: Allows restoring RDS databases',
    policy: [
      allow([
        'ec2:Describe*',
        'rds:Describe*',
        'rds:RestoreDBInstance*',
        'rds:CreateDBParameterGroup',
      ]),
    ],
    allowed: [simulated('rds:RestoreDBInstanceFromDBSnapshot', DB)],
    refused: [simulated('rds:DeleteDBInstance', DB)],
  },
  {
    title: 'Amazon RDS: Allows tag owners full access to RDS resources that they have tagged',
    policy: [
      allow('rds:Describe*'),
      allow('rds:*', '*', { StringEqualsIgnoreCase: { 'rds:db-tag/Owner': '${aws:username}' } }),
    ],
    allowed: [
      simulated('rds:DeleteDBInstance', DB, { 'rds:db-tag/Owner': 'ADA', 'aws:username': 'ada' }),
    ],
    refused: [
      simulated('rds:DeleteDBInstance', DB, { 'rds:db-tag/Owner': 'bob', 'aws:username': 'ada' }),
    ],
  },
  {
    title: 'AWS CodeCommit: Allows read access to a repository',
    policy: [
      allow(['codecommit:BatchGet*', 'codecommit:Get*', 'codecommit:GitPull'], REPOSITORY),
      allow('codecommit:ListRepositories'),
    ],
    allowed: [simulated('codecommit:GitPull', REPOSITORY)],
    refused: [simulated('codecommit:GitPush', REPOSITORY)],
  },
  {
    title: 'AWS Data Pipeline: Denies access to pipelines that a user did not create',
    policy: [
      allow('datapipeline:*'),
      deny('datapipeline:DeletePipeline', '*', {
        StringNotEquals: { 'datapipeline:PipelineCreator': '${aws:userid}' },
      }),
    ],
    allowed: [
      simulated('datapipeline:DeletePipeline', '*', {
        'datapipeline:PipelineCreator': 'AIDAX',
        'aws:userid': 'AIDAX',
      }),
    ],
    refused: [
      simulated('datapipeline:DeletePipeline', '*', {
        'datapipeline:PipelineCreator': 'AIDAY',
        'aws:userid': 'AIDAX',
      }),
    ],
  },
  {
    title: 'Organizations, SCP: Deny access to AWS based on the requested AWS Region',
    policy: [
      everything,
      {
        Effect: 'Deny',
        NotAction: ['iam:*', 'organizations:*', 'sts:*', 'support:*'],
        Resource: '*',
        Condition: {
          StringNotEquals: { 'aws:RequestedRegion': ['eu-central-1', 'eu-west-1'] },
          ArnNotLike: { 'aws:PrincipalARN': ['arn:aws:iam::*:role/Role1AllowedToBypassThisSCP'] },
        },
      },
    ],
    allowed: [
      simulated('ec2:RunInstances', '*', {
        'aws:RequestedRegion': 'eu-west-1',
        'aws:PrincipalARN': iamArn('user/ada'),
      }),
      simulated('iam:CreateUser', '*', {
        'aws:RequestedRegion': 'us-east-1',
        'aws:PrincipalARN': iamArn('user/ada'),
      }),
      simulated('ec2:RunInstances', '*', {
        'aws:RequestedRegion': 'us-east-1',
        'aws:PrincipalARN': iamArn('role/Role1AllowedToBypassThisSCP'),
      }),
    ],
    refused: [
      simulated('ec2:RunInstances', '*', {
        'aws:RequestedRegion': 'us-east-1',
        'aws:PrincipalARN': iamArn('user/ada'),
      }),
    ],
  },
  {
    title: 'Organizations, SCP: Prevent IAM users and roles from making certain changes',
    policy: [
      everything,
      deny(
        ['iam:AttachRolePolicy', 'iam:DeleteRole', 'iam:PutRolePolicy'],
        iamArn('role/name-of-role'),
      ),
    ],
    allowed: [simulated('iam:DeleteRole', iamArn('role/other'))],
    refused: [simulated('iam:DeleteRole', iamArn('role/name-of-role'))],
  },
  {
    title: 'Organizations, SCP: Require MFA to perform an API operation',
    policy: [
      everything,
      deny(['ec2:StopInstances', 'ec2:TerminateInstances'], '*', {
        BoolIfExists: { 'aws:MultiFactorAuthPresent': false },
      }),
    ],
    allowed: [simulated('ec2:StopInstances', INSTANCE, { 'aws:MultiFactorAuthPresent': 'true' })],
    refused: [
      simulated('ec2:StopInstances', INSTANCE),
      simulated('ec2:StopInstances', INSTANCE, { 'aws:MultiFactorAuthPresent': 'false' }),
    ],
  },
  {
    title: 'Organizations, SCP: Block service access for the root user',
    policy: [
      everything,
      deny('ec2:*', '*', { StringLike: { 'aws:PrincipalArn': ['arn:aws:iam::*:root'] } }),
    ],
    allowed: [simulated('ec2:RunInstances', '*', { 'aws:PrincipalArn': iamArn('user/ada') })],
    refused: [simulated('ec2:RunInstances', '*', { 'aws:PrincipalArn': iamArn('root') })],
  },
  {
    title: 'Organizations, SCP: Require Amazon EC2 instances to use a specific type',
    policy: [
      everything,
      deny('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*', {
        StringNotEquals: { 'ec2:InstanceType': 't2.micro' },
      }),
    ],
    allowed: [simulated('ec2:RunInstances', INSTANCE, { 'ec2:InstanceType': 't2.micro' })],
    refused: [simulated('ec2:RunInstances', INSTANCE, { 'ec2:InstanceType': 'm5.large' })],
  },
  {
    title: 'Organizations, SCP: Require a tag on specified created resources',
    policy: [
      everything,
      deny('ec2:RunInstances', ['arn:aws:ec2:*:*:instance/*', 'arn:aws:ec2:*:*:volume/*'], {
        Null: { 'aws:RequestTag/Project': 'true' },
      }),
    ],
    allowed: [simulated('ec2:RunInstances', INSTANCE, { 'aws:RequestTag/Project': 'x' })],
    refused: [simulated('ec2:RunInstances', INSTANCE)],
  },
  {
    title: 'Organizations, SCP: Prevent member accounts from leaving the organization',
    policy: [everything, deny('organizations:LeaveOrganization')],
    allowed: [simulated('organizations:DescribeOrganization', '*')],
    refused: [simulated('organizations:LeaveOrganization', '*')],
  },
  {
    title: 'Backup: Access control, identity-based policies by vault name',
    policy: [
      allow(['backup:CreateBackupVault', 'backup:List*']),
      allow('backup:*', `${VAULT}team-*`),
      deny('backup:DeleteRecoveryPoint'),
    ],
    allowed: [simulated('backup:StartBackupJob', `${VAULT}team-a`)],
    refused: [
      simulated('backup:StartBackupJob', `${VAULT}other`),
      simulated('backup:DeleteRecoveryPoint', `${VAULT}team-a`),
    ],
  },
  {
    title: 'Backup: Condition keys, copies only to certain vaults',
    policy: [
      everything,
      deny('backup:StartCopyJob', '*', {
        'ForAllValues:ArnNotLike': { 'backup:CopyTargets': [`${VAULT}far-*`] },
      }),
    ],
    allowed: [simulated('backup:StartCopyJob', '*', { 'backup:CopyTargets': [`${VAULT}far-1`] })],
    refused: [simulated('backup:StartCopyJob', '*', { 'backup:CopyTargets': [`${VAULT}near`] })],
  },
  {
    title: 'Backup: Condition keys, a lock keeps at least thirty days',
    policy: [
      allow('backup:PutBackupVaultLockConfiguration', `${VAULT}*`, {
        NumericGreaterThanEquals: { 'backup:MinRetentionDays': '30' },
      }),
    ],
    allowed: [
      simulated('backup:PutBackupVaultLockConfiguration', `${VAULT}v`, {
        'backup:MinRetentionDays': '30',
      }),
    ],
    refused: [
      simulated('backup:PutBackupVaultLockConfiguration', `${VAULT}v`, {
        'backup:MinRetentionDays': '7',
      }),
    ],
  },
]
