/**
 * Examples for services that are not served here, and for Backup: asked of the simulator, which is
 * the engine that guards every call. Each title names its page. The statements say what the pages' do.
 */
import { REGION } from '../../support/cloud.ts'
import { allow, deny, simulated, type Example } from './world.ts'

export const PAGE = 'IAM, Backup: examples for other services'

const TABLE = `arn:aws:dynamodb:${REGION}:111122223333:table/MyTable`
const BUCKET = 'arn:aws:s3:::bucket'
const VAULT = `arn:aws:backup:${REGION}:111122223333:backup-vault:`
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
