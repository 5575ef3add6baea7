/** Network Insights through the SDK, and the same question by the command line's words. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reachAsk } from '../../src/app/network/reach/ask.ts'
import { explainText } from '../../src/cli/verbs/net.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { inVpc, tagged } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
/** Two instances in the default VPC. */
let web: string
let db: string
let groupId: string

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 16, memoryMiB: 64 * 1024 } })
  aws = cloud.ec2
  web = await launch('web')
  db = await launch('db')
  const { Vpcs } = await aws.describeVpcs({})
  const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(Vpcs![0]!.VpcId!))
  groupId = SecurityGroups![0]!.GroupId!
})
afterAll(() => cloud.close())

async function launch(name: string): Promise<string> {
  const { Instances } = await aws.runInstances({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: name }] }],
  })
  const InstanceIds = [Instances![0]!.InstanceId!]
  const state = async () => {
    const { Reservations } = await aws.describeInstances({ InstanceIds })
    return Reservations![0]!.Instances![0]!.State!.Name
  }
  await eventually(state, (one) => one === 'running')
  return InstanceIds[0]!
}

let tokens = 0
const token = () => `token-${++tokens}`

async function analyse(path: object) {
  const input = { ClientToken: token(), Protocol: 'tcp' as const, Source: '', ...path }
  const { NetworkInsightsPath } = await aws.createNetworkInsightsPath(input)
  const { NetworkInsightsPathId } = NetworkInsightsPath!
  const { NetworkInsightsAnalysis } = await aws.startNetworkInsightsAnalysis({
    NetworkInsightsPathId,
    ClientToken: token(),
  })
  expect(NetworkInsightsAnalysis!.Status).toBe('running')
  const { NetworkInsightsAnalyses } = await aws.describeNetworkInsightsAnalyses({
    NetworkInsightsAnalysisIds: [NetworkInsightsAnalysis!.NetworkInsightsAnalysisId!],
  })
  return NetworkInsightsAnalyses![0]!
}

test('a path from its making to its end', async () => {
  const input = {
    Source: web,
    Destination: db,
    Protocol: 'tcp' as const,
    DestinationPort: 5432,
    ClientToken: 'path-once',
    ...tagged('network-insights-path'),
  }
  const { NetworkInsightsPath: made } = await aws.createNetworkInsightsPath(input)
  const NetworkInsightsPathId = made!.NetworkInsightsPathId!
  expect(made).toMatchObject({
    Source: web,
    Destination: db,
    SourceArn: expect.stringContaining(`instance/${web}`),
    Protocol: 'tcp',
    DestinationPort: 5432,
    Tags: [{ Key: 'Name', Value: 'mine' }],
  })
  const named = { NetworkInsightsPathIds: [NetworkInsightsPathId] }
  const { NetworkInsightsPaths } = await aws.describeNetworkInsightsPaths(named)
  expect(NetworkInsightsPaths).toEqual([made])
  const ClientToken = token()
  const { NetworkInsightsAnalysis } = await aws.startNetworkInsightsAnalysis({
    NetworkInsightsPathId,
    ClientToken,
  })
  const { NetworkInsightsAnalysisId } = NetworkInsightsAnalysis!
  const remove = () => aws.deleteNetworkInsightsPath({ NetworkInsightsPathId })
  expect(await codeOf(remove())).toBe('AnalysisExistsForNetworkInsightsPath')
  await aws.deleteNetworkInsightsAnalysis({ NetworkInsightsAnalysisId })
  await remove()
  expect(await codeOf(remove())).toBe('InvalidNetworkInsightsPathId.NotFound')
})

test('finds the way, by what lets it pass', async () => {
  const found = await analyse({ Source: web, Destination: db, DestinationPort: 5432 })
  expect(found).toMatchObject({ Status: 'succeeded', NetworkPathFound: true, Explanations: [] })
  const ids = found.ForwardPathComponents!.map((each) => each.Component!.Id)
  expect(ids[0]).toMatch(/^eni-/)
  expect(ids).toContain(groupId)
  expect(found.ForwardPathComponents![0]!.OutboundHeader).toMatchObject({
    Protocol: '6',
    DestinationPortRanges: [{ From: 5432, To: 5432 }],
  })
})

test('says what stands in the way, and its end when that is gone', async () => {
  const { InternetGateways } = await aws.describeInternetGateways({})
  const Source = InternetGateways![0]!.InternetGatewayId!
  const path = { Source, Destination: web, DestinationPort: 443 }
  const blocked = await analyse(path)
  expect(blocked).toMatchObject({
    NetworkPathFound: false,
    Explanations: [
      {
        Direction: 'ingress',
        ExplanationCode: 'ENI_SG_RULES_MISMATCH',
        SecurityGroup: { Id: groupId },
      },
    ],
  })
  const rule = { GroupId: groupId, IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }
  await aws.authorizeSecurityGroupIngress({ ...rule, CidrIp: '0.0.0.0/0' })
  expect((await analyse(path)).NetworkPathFound).toBe(true)
})

test('the same in words', async () => {
  const ask = async (from: string, to: string, port: string) =>
    explainText(await reachAsk(cloud.app, ACCOUNT, { from, to, port }))
  expect(await ask('web', 'db', '5432')).toMatch(/^yes, at 172\.31\./)
  expect(await ask('internet', 'db', 'tcp/22')).toMatch(
    new RegExp(`^no, not at 100\\.64\\..*\\n.*No ingress rule of ${groupId} allows tcp 22`),
  )
  expect(await ask('internet', 'db', 'tcp/22')).toContain(`Add an ingress rule to ${groupId}`)
  await expect(ask('web', 'nobody', '80')).rejects.toThrow('nobody')
  await expect(ask('web', 'db', 'http')).rejects.toThrow('port')
})

test('what is in the way of another account is not told', async () => {
  const other = '444455556666'
  const theirs = cloud.ec2Of({ account: other })
  const { Instances } = await theirs.runInstances({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
  })
  const InstanceIds = [Instances![0]!.InstanceId!]
  const look = async () => {
    const { Reservations } = await theirs.describeInstances({ InstanceIds })
    return Reservations![0]!.Instances![0]!
  }
  const { PublicIpAddress } = await eventually(look, (one) => one.State!.Name === 'running')
  const [words, seen] = [
    await reachAsk(cloud.app, ACCOUNT, { from: 'web', to: PublicIpAddress!, port: '22' }),
    await analyse({ Source: web, DestinationIp: PublicIpAddress, DestinationPort: 22 }),
  ]
  const { NetworkInterfaceId, PrivateIpAddress } = (await look()).NetworkInterfaces![0]!
  const { GroupId } = (await look()).SecurityGroups![0]!
  for (const text of [JSON.stringify(words), JSON.stringify(seen)]) {
    for (const secret of [NetworkInterfaceId!, PrivateIpAddress!, GroupId!]) {
      expect(text).not.toContain(secret)
    }
  }
  expect(words.isReachable).toBe(false)
  expect(explainText(words)).toContain('another account')
  expect(seen.NetworkPathFound).toBe(false)
  const own = await reachAsk(cloud.app, other, {
    from: 'internet',
    to: InstanceIds[0]!,
    port: '22',
  })
  expect(explainText(own)).toContain(GroupId)
})

test('bad input', async () => {
  const make = (more: object) =>
    aws.createNetworkInsightsPath({
      Source: web,
      Destination: db,
      Protocol: 'tcp',
      ClientToken: token(),
      ...more,
    })
  expect(await codeOf(make({ Source: 'i-0123456789abcdef0' }))).toBe('InvalidInstanceID.NotFound')
  expect(await codeOf(make({ Source: 'tgw-0123456789abcdef0' }))).toBe('UnsupportedOperation')
  expect(await codeOf(make({ Destination: undefined }))).toBe('MissingParameter')
  expect(await codeOf(make({ DestinationIp: 'here' }))).toBe('InvalidParameterValue')
})
