/** Who may do what with scaling groups: by tag, and never more than the maker of a group could launch. */
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { nameOf } from '../support/code-of.ts'
import { ACCOUNT, REGION, ROOT_KEY, startTestCloud } from '../support/cloud.ts'
import { document, userMake } from '../support/iam.ts'
import { TINY } from '../support/app.ts'

test('a user of groups by tag, who may launch small machines only', async () => {
  await using cloud = await startTestCloud({ mode: 'strict' })
  const iam = cloud.iamOf()
  const keys = await userMake(iam, 'grace')
  const statements = [
    {
      Effect: 'Allow',
      Action: 'autoscaling:*',
      Resource: `arn:aws:autoscaling:*:${ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/team-*`,
      Condition: { NumericLessThanEquals: { 'autoscaling:MaxSize': '3' } },
    },
    {
      Effect: 'Allow',
      Action: 'autoscaling:SetDesiredCapacity',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'grace' } },
    },
    { Effect: 'Allow', Action: ['autoscaling:Describe*', 'ec2:Describe*'], Resource: '*' },
    {
      Effect: 'Allow',
      Action: 'ec2:RunInstances',
      Resource: '*',
      Condition: { StringEqualsIfExists: { 'ec2:InstanceType': 't3.micro' } },
    },
  ]
  const PolicyDocument = document(...(statements as never[]))
  await iam.send(new PutUserPolicyCommand({ UserName: 'grace', PolicyName: 'p', PolicyDocument }))
  const clientOf = (credentials: typeof ROOT_KEY) =>
    new AutoScalingClient({ endpoint: cloud.url, region: REGION, maxAttempts: 1, credentials })
  const [root, grace] = [clientOf(ROOT_KEY), clientOf(keys)]
  await cloud.ec2.createLaunchTemplate({
    LaunchTemplateName: 'web',
    LaunchTemplateData: { ImageId: TINY, InstanceType: 't3.micro' },
  })
  const LaunchTemplateSpecification = { LaunchTemplateName: 'web' }
  const group = (name: string, change: object = {}) =>
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: LaunchTemplateSpecification,
      MinSize: 0,
      MaxSize: 2,
      DesiredCapacity: 0,
      AvailabilityZones: ['us-east-1a'],
      ...change,
    })
  const mixed = (InstanceType: string) => ({
    LaunchTemplate: undefined,
    MixedInstancesPolicy: {
      LaunchTemplate: { LaunchTemplateSpecification, Overrides: [{ InstanceType }] },
    },
  })
  await grace.send(group('team-a'))
  await grace.send(group('team-b', mixed('t3.micro')))
  expect(await nameOf(grace.send(group('other')))).toBe('AccessDenied')
  expect(await nameOf(grace.send(group('team-c', { MaxSize: 9 })))).toBe('AccessDenied')
  // What an override says is launched as much as what the template says.
  expect(await nameOf(grace.send(group('team-d', mixed('m5.large'))))).toBe('AccessDenied')
  await root.send(group('tagged', { Tags: [{ Key: 'team', Value: 'grace' }] }))
  await root.send(group('untagged'))
  const desire = (name: string) =>
    new SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity: 0 })
  await grace.send(desire('tagged'))
  expect(await nameOf(grace.send(desire('untagged')))).toBe('AccessDenied')
  const update = { AutoScalingGroupName: 'tagged', MaxSize: 1 }
  expect(await nameOf(grace.send(new UpdateAutoScalingGroupCommand(update)))).toBe('AccessDenied')
  const shown = await grace.send(new DescribeAutoScalingGroupsCommand({}))
  expect(shown.AutoScalingGroups).toHaveLength(4)
  root.destroy()
  grace.destroy()
})
