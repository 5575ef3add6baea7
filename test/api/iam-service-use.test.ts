/** Which services somebody may use, and did: the reports of IAM's access advisor. */
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateGroupCommand,
  GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsWithEntitiesCommand,
  ListPoliciesGrantingServiceAccessCommand,
} from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { ACCOUNT, startTestCloud } from '../support/cloud.ts'
import { allow, failureOf, userMake } from '../support/iam.ts'

test('by user, group and policy', async () => {
  await using cloud = await startTestCloud({ mode: 'strict' })
  const iam = cloud.iamOf()
  const keys = await userMake(iam, 'ada', allow('ssm:GetParameter'))
  const arn = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess'
  await iam.send(new CreateGroupCommand({ GroupName: 'staff' }))
  await iam.send(new AttachGroupPolicyCommand({ GroupName: 'staff', PolicyArn }))
  await iam.send(new AddUserToGroupCommand({ GroupName: 'staff', UserName: 'ada' }))
  await cloud.ec2Of({ credentials: keys }).send(new DescribeVpcsCommand({}))
  const report = async (Arn: string) => {
    const { JobId } = await iam.send(new GenerateServiceLastAccessedDetailsCommand({ Arn }))
    return {
      JobId: JobId!,
      ...(await iam.send(new GetServiceLastAccessedDetailsCommand({ JobId }))),
    }
  }
  const ofUser = await report(arn('user/ada'))
  const services = ofUser.ServicesLastAccessed!
  expect(services.map(({ ServiceNamespace }) => ServiceNamespace)).toEqual([
    'autoscaling',
    'cloudwatch',
    'ec2',
    'elasticloadbalancing',
    'ssm',
  ])
  expect(services[2]).toMatchObject({
    ServiceName: 'Amazon EC2',
    LastAuthenticatedEntity: arn('user/ada'),
    TotalAuthenticatedEntities: 1,
  })
  expect(services[4]!.LastAuthenticated).toBeUndefined()
  for (const subject of [PolicyArn, arn('group/staff')]) {
    const { JobId } = await report(subject)
    const { EntityDetailsList } = await iam.send(
      new GetServiceLastAccessedDetailsWithEntitiesCommand({ JobId, ServiceNamespace: 'ec2' }),
    )
    expect(EntityDetailsList).toMatchObject([{ EntityInfo: { Name: 'ada', Type: 'USER' } }])
  }
  const { PoliciesGrantingServiceAccess } = await iam.send(
    new ListPoliciesGrantingServiceAccessCommand({
      Arn: arn('user/ada'),
      ServiceNamespaces: ['ec2', 'ssm', 'kms'],
    }),
  )
  expect(PoliciesGrantingServiceAccess!.map(({ Policies }) => Policies)).toMatchObject([
    [{ PolicyName: 'AmazonEC2ReadOnlyAccess', PolicyType: 'MANAGED', PolicyArn }],
    [{ PolicyName: 'own', PolicyType: 'INLINE', EntityName: 'ada' }],
    [],
  ])
  const nobody = iam.send(
    new GenerateServiceLastAccessedDetailsCommand({ Arn: arn('user/nobody') }),
  )
  expect((await failureOf(nobody)).code).toBe('NoSuchEntityException')
  const other = '00000000-0000-4000-8000-000000000000'
  const job = iam.send(new GetServiceLastAccessedDetailsCommand({ JobId: other }))
  expect((await failureOf(job)).code).toBe('NoSuchEntityException')
})
