/**
 * What launches take, and what explains a network, from its making to its end: created, read back, each single update
 * and read back whole, deleted while something needs it, deleted, gone.
 */
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { running } from '../support/launch.ts'
import { lives, tagging, type Update } from '../support/life.ts'
import { tagged } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 32, memoryMiB: 128 * 1024 } })
  aws = cloud.ec2
})
afterAll(() => cloud.close())

test('a launch template', async () => {
  const { LaunchTemplate: made } = await aws.createLaunchTemplate({
    LaunchTemplateName: 'lives',
    LaunchTemplateData: { InstanceType: 't3.micro' },
    ...tagged('launch-template'),
  })
  const LaunchTemplateId = made!.LaunchTemplateId!
  const shown = async () =>
    (await aws.describeLaunchTemplates({ LaunchTemplateIds: [LaunchTemplateId] }))
      .LaunchTemplates![0]!
  await lives<any>({
    shown,
    made,
    updates: [
      [
        'a version',
        () =>
          aws.createLaunchTemplateVersion({
            LaunchTemplateId,
            LaunchTemplateData: { InstanceType: 't3.nano' },
          }),
        (before) => ({ ...before, LatestVersionNumber: 2 }),
      ],
      [
        'the default',
        () => aws.modifyLaunchTemplate({ LaunchTemplateId, DefaultVersion: '2' }),
        (before) => ({ ...before, DefaultVersionNumber: 2 }),
      ],
      [
        'a version less',
        () => aws.deleteLaunchTemplateVersions({ LaunchTemplateId, Versions: ['1'] }),
        (before) => before,
      ],
      ...tagging<any>(aws, () => LaunchTemplateId),
    ],
    remove: () => aws.deleteLaunchTemplate({ LaunchTemplateId }),
    gone: { ask: shown, code: 'InvalidLaunchTemplateId.NotFound' },
  })
})

test('a placement group', async () => {
  const { PlacementGroup: made } = await aws.createPlacementGroup({
    GroupName: 'lives',
    Strategy: 'partition',
    PartitionCount: 3,
    ...tagged('placement-group'),
  })
  const GroupIds = [made!.GroupId!]
  const shown = async () => (await aws.describePlacementGroups({ GroupIds })).PlacementGroups![0]!
  const InstanceIds: string[] = []
  await lives<any>({
    shown,
    made,
    updates: tagging<any>(aws, () => made!.GroupId!),
    inUse: {
      begin: async () => {
        InstanceIds.push(await running(aws, { Placement: { GroupName: 'lives' } }))
      },
      code: 'InvalidPlacementGroup.InUse',
      end: async () => {
        await aws.terminateInstances({ InstanceIds })
        const state = async () =>
          (await aws.describeInstances({ InstanceIds })).Reservations![0]!.Instances![0]!.State!
        await eventually(state, ({ Name }) => Name === 'terminated')
      },
    },
    remove: () => aws.deletePlacementGroup({ GroupName: 'lives' }),
    gone: { ask: shown, code: 'InvalidPlacementGroup.Unknown' },
  })
})

test('a key pair', async () => {
  const made = await aws.createKeyPair({
    KeyName: 'lives',
    KeyType: 'ed25519',
    ...tagged('key-pair'),
  })
  const KeyPairId = made.KeyPairId!
  const shown = async () =>
    (await aws.describeKeyPairs({ KeyPairIds: [KeyPairId], IncludePublicKey: true })).KeyPairs![0]!
  const { KeyName, KeyFingerprint, Tags } = made
  await lives<any>({
    shown,
    made: {
      KeyPairId,
      KeyName,
      KeyFingerprint,
      Tags,
      KeyType: 'ed25519',
      CreateTime: expect.any(Date),
      PublicKey: expect.stringMatching(/^ssh-ed25519 /),
    },
    updates: tagging<any>(aws, () => KeyPairId),
    // It may go while instances have it: they keep what it said.
    remove: () => aws.deleteKeyPair({ KeyPairId }),
    gone: { ask: shown, code: 'InvalidKeyPair.NotFound' },
  })
})

test('the metadata defaults of an account', async () => {
  const shown = async () => (await aws.getInstanceMetadataDefaults({})).AccountLevel!
  const set = (change: object): Update<any> => [
    JSON.stringify(change),
    () => aws.modifyInstanceMetadataDefaults(change),
    (before) => ({ ...before, ...change }),
  ]
  const none = await shown()
  await lives<any>({
    shown,
    updates: [
      set({ HttpTokens: 'required' }),
      set({ HttpPutResponseHopLimit: 4 }),
      set({ HttpEndpoint: 'enabled' }),
      set({ InstanceMetadataTags: 'enabled' }),
      set({ HttpTokensEnforced: 'enabled' }),
      set({ InstanceMetadataTags: 'disabled' }),
    ],
    remove: async () => {
      const choice = 'no-preference'
      await aws.modifyInstanceMetadataDefaults({
        HttpTokens: choice,
        HttpPutResponseHopLimit: -1,
        HttpEndpoint: choice,
        InstanceMetadataTags: choice,
        HttpTokensEnforced: choice,
      })
      expect(await shown()).toEqual(none)
    },
    gone: {
      ask: () => aws.modifyInstanceMetadataDefaults({ HttpPutResponseHopLimit: 65 }),
      code: 'InvalidParameterValue',
    },
  })
})

test('a path of Network Insights', async () => {
  const { Subnets } = await aws.describeSubnets({})
  const { SubnetId } = Subnets![0]!
  const { NetworkInterface } = await aws.createNetworkInterface({ SubnetId })
  const { NetworkInsightsPath: made } = await aws.createNetworkInsightsPath({
    Source: NetworkInterface!.NetworkInterfaceId,
    FilterAtSource: {
      DestinationAddress: '10.7.1.9',
      DestinationPortRange: { FromPort: 443, ToPort: 443 },
    },
    Protocol: 'tcp',
    ClientToken: 'lives',
    ...tagged('network-insights-path'),
  })
  const NetworkInsightsPathId = made!.NetworkInsightsPathId!
  const by = (Name: string, value: string) => ({ Filters: [{ Name, Values: [value] }] })
  const shown = async (query: object = { NetworkInsightsPathIds: [NetworkInsightsPathId] }) =>
    (await aws.describeNetworkInsightsPaths(query)).NetworkInsightsPaths![0]
  for (const text of ['443', '443-443']) {
    expect(await shown(by('filter-at-source.destination-port-range', text))).toEqual(made)
  }
  for (const name of [
    'filter-at-source.source-port-range',
    'filter-at-destination.destination-address',
    'filter-at-destination.destination-port-range',
    'filter-at-destination.source-address',
    'filter-at-destination.source-port-range',
  ]) {
    expect(await shown(by(name, '*'))).toBeUndefined()
  }
  let analysis = ''
  await lives<any>({
    shown: () => shown(),
    made,
    updates: tagging<any>(aws, () => NetworkInsightsPathId),
    inUse: {
      begin: async () => {
        const input = { NetworkInsightsPathId, ClientToken: 'analysis' }
        const { NetworkInsightsAnalysis } = await aws.startNetworkInsightsAnalysis(input)
        analysis = NetworkInsightsAnalysis!.NetworkInsightsAnalysisId!
      },
      code: 'AnalysisExistsForNetworkInsightsPath',
      end: () => aws.deleteNetworkInsightsAnalysis({ NetworkInsightsAnalysisId: analysis }),
    },
    remove: () => aws.deleteNetworkInsightsPath({ NetworkInsightsPathId }),
    gone: { ask: () => shown(), code: 'InvalidNetworkInsightsPathId.NotFound' },
  })
})

test('an association of an instance profile', async () => {
  const iam = cloud.iamOf()
  const Principal = { Service: 'ec2.amazonaws.com' }
  const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }]
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.send(new CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument }))
  const profile = async (InstanceProfileName: string) => {
    const command = new CreateInstanceProfileCommand({ InstanceProfileName })
    const { InstanceProfile } = await iam.send(command)
    const role = { InstanceProfileName, RoleName: 'web' }
    await iam.send(new AddRoleToInstanceProfileCommand(role))
    return { Arn: InstanceProfile!.Arn, Id: InstanceProfile!.InstanceProfileId }
  }
  const [web, other] = [await profile('web'), await profile('other')]
  const InstanceId = await running(aws)
  const associated = await aws.associateIamInstanceProfile({
    InstanceId,
    IamInstanceProfile: { Name: 'web' },
  })
  let { AssociationId } = associated.IamInstanceProfileAssociation!
  const shown = async () => {
    const found = await aws.describeIamInstanceProfileAssociations({
      AssociationIds: [AssociationId!],
    })
    return found.IamInstanceProfileAssociations![0]!
  }
  await lives<any>({
    shown,
    made: { AssociationId, InstanceId, IamInstanceProfile: web, State: 'associated' },
    updates: [
      [
        'another profile',
        async () => {
          const input = { AssociationId, IamInstanceProfile: { Arn: other.Arn } }
          const replaced = await aws.replaceIamInstanceProfileAssociation(input)
          AssociationId = replaced.IamInstanceProfileAssociation!.AssociationId
        },
        (before) => ({
          ...before,
          AssociationId: expect.stringMatching(/^iip-assoc-/),
          IamInstanceProfile: other,
        }),
      ],
    ],
    remove: () => aws.disassociateIamInstanceProfile({ AssociationId }),
    gone: {
      ask: () => aws.disassociateIamInstanceProfile({ AssociationId }),
      code: 'InvalidAssociationID.NotFound',
    },
  })
})
