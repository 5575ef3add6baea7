/** Policies of VPC endpoints, through the SDK: kept as given, and asked of every call that comes in at the endpoint. */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow as may, failureOf, userMake } from '../support/iam.ts'
import { createVpcKit, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  aws = cloud.ec2
  kit = createVpcKit(aws)
})
afterAll(() => cloud.close())

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const everybody = { Effect: 'Allow', Principal: '*', Resource: '*' }

/** An endpoint of EC2, and how a guest reaches the cloud at its address. */
async function endpoint(PolicyDocument?: string) {
  const VpcId = (await kit.vpc()).VpcId!
  const SubnetId = (await kit.subnet(VpcId, '10.0.0.0/24')).SubnetId!
  const { VpcEndpoint } = await aws.createVpcEndpoint({
    VpcId,
    ServiceName: 'com.amazonaws.us-east-1.ec2',
    VpcEndpointType: 'Interface',
    SubnetIds: [SubnetId],
    PrivateDnsEnabled: false,
    ...(PolicyDocument && { PolicyDocument }),
  })
  const VpcEndpointId = VpcEndpoint!.VpcEndpointId!
  const { NetworkInterfaces } = await aws.describeNetworkInterfaces({
    NetworkInterfaceIds: VpcEndpoint!.NetworkInterfaceIds!,
  })
  const address = NetworkInterfaces![0]!.PrivateIpAddress!
  const url = await cloud.servedAt({ vpcId: VpcId, address })
  const shown = async () =>
    (await aws.describeVpcEndpoints({ VpcEndpointIds: [VpcEndpointId] })).VpcEndpoints![0]!
      .PolicyDocument
  const modify = (input: object) => aws.modifyVpcEndpoint({ VpcEndpointId, ...input })
  return { VpcId, VpcEndpointId, url, shown, modify }
}

test('without one everything passes, to its own service only', async () => {
  const { url, shown } = await endpoint()
  expect(JSON.parse((await shown())!)).toEqual({
    Statement: [{ Action: '*', Effect: 'Allow', Principal: '*', Resource: '*' }],
  })
  const guest = cloud.ec2Of({ url })
  await guest.describeVpcs({})
  const sts = cloud.stsOf({ url }).send(new GetCallerIdentityCommand({}))
  expect((await failureOf(sts)).code).toBe('AccessDenied')
  const abroad = cloud.ec2Of({ url, region: 'eu-west-1' }).describeVpcs({})
  expect(await codeOf(abroad)).toBe('UnauthorizedOperation')
})

test('even root may do what it allows and nothing else; by the cloud’s own port all is as before', async () => {
  const document = policy({ ...everybody, Action: 'ec2:Describe*' })
  const { url, shown, modify } = await endpoint(document)
  expect(await shown()).toBe(document)
  const guest = cloud.ec2Of({ url })
  await guest.describeVpcs({})
  const make = () => guest.createVpc({ CidrBlock: '10.7.0.0/16' })
  const refused = await errorOf(make())
  expect(refused.code).toBe('UnauthorizedOperation')
  expect(refused.message).toContain(
    'because no VPC endpoint policy allows the ec2:CreateVpc action',
  )
  await kit.vpc('10.8.0.0/16')

  const denied = policy(
    { ...everybody, Action: '*' },
    { ...everybody, Effect: 'Deny', Action: 'ec2:CreateVpc' },
  )
  await modify({ PolicyDocument: denied })
  expect(await shown()).toBe(denied)
  expect((await errorOf(make())).message).toContain(
    'with an explicit deny in a VPC endpoint policy',
  )
  await modify({ ResetPolicy: true })
  expect(await shown()).toContain('"Action":"*"')
  await make()
  const both = modify({ ResetPolicy: true, PolicyDocument: denied })
  expect(await codeOf(both)).toBe('InvalidParameterCombination')
  expect(await codeOf(modify({ PolicyDocument: 'no' }))).toBe('InvalidPolicyDocument')
})

test('principals, resources and conditions of it hold; it grants nothing by itself', async () => {
  const { url, VpcId, VpcEndpointId, modify } = await endpoint()
  const iam = cloud.iamOf()
  const guest = cloud.ec2Of({ url, credentials: await userMake(iam, 'guest', may('ec2:*')) })
  const vpcs = (client = guest) => client.describeVpcs({})
  const allow = (more: object) =>
    modify({ PolicyDocument: policy({ ...everybody, Action: '*', ...more }) })
  await allow({ Principal: { AWS: ACCOUNT } })
  await vpcs()
  await allow({ Principal: { AWS: '999988887777' } })
  expect(await codeOf(vpcs())).toBe('UnauthorizedOperation')
  await allow({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/guest` } })
  await vpcs()
  expect(await codeOf(vpcs(cloud.ec2Of({ url })))).toBe('UnauthorizedOperation')
  await allow({
    Condition: { StringEquals: { 'aws:SourceVpce': VpcEndpointId, 'aws:SourceVpc': VpcId } },
  })
  await vpcs()
  await allow({ Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-0' } } })
  expect(await codeOf(vpcs())).toBe('UnauthorizedOperation')
  // Of one resource only.
  await allow({ Resource: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/${VpcId}` })
  const rename = (id: string) =>
    guest.modifyVpcAttribute({ VpcId: id, EnableDnsSupport: { Value: true } })
  await rename(VpcId)
  expect(await codeOf(rename((await kit.vpc()).VpcId!))).toBe('UnauthorizedOperation')

  await allow({})
  const poor = cloud.ec2Of({ url, credentials: await userMake(iam, 'nobody') })
  expect((await errorOf(vpcs(poor))).message).toContain('no identity-based policy allows')
  // A caller's own policy may ask by which way it comes.
  const condition = { StringEquals: { 'aws:SourceVpce': VpcEndpointId } }
  const credentials = await userMake(iam, 'home', may('ec2:*', '*', condition))
  await vpcs(cloud.ec2Of({ url, credentials }))
  expect(await codeOf(vpcs(cloud.ec2Of({ credentials })))).toBe('UnauthorizedOperation')
})
