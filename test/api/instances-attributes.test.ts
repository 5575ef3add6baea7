/** What can be asked and changed about an instance after its launch, through the SDK. */
import {
  CreateSecurityGroupCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstanceCreditSpecificationsCommand,
  ModifyInstanceAttributeCommand,
  ModifyInstanceCpuOptionsCommand,
  ModifyInstanceCreditSpecificationCommand,
  ModifyInstanceMaintenanceOptionsCommand,
  ModifyInstanceMetadataOptionsCommand,
  ModifyPrivateDnsNameOptionsCommand,
  MonitorInstancesCommand,
  ResetInstanceAttributeCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  UnmonitorInstancesCommand,
  type InstanceAttributeName,
  type ModifyInstanceAttributeCommandInput,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { describe as see, running, stop, stopped } from '../support/launch.ts'

let cloud: TestCloud
let live: string
let still: string
beforeAll(async () => {
  cloud = await startTestCloud()
  live = await running(cloud.ec2)
  still = await stopped(cloud.ec2)
})
afterAll(() => cloud.close())

const modify = (
  InstanceId: string,
  change: Omit<ModifyInstanceAttributeCommandInput, 'InstanceId'>,
) => cloud.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, ...change }))
const attribute = (InstanceId: string, Attribute: InstanceAttributeName) =>
  cloud.ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }))
const planOf = (id: string) =>
  cloud.agent
    .networkPlans()
    .flatMap((plan) => plan.interfaces)
    .find((one) => one.instanceId === id)!

describe('attributes', () => {
  test.each<[InstanceAttributeName, object]>([
    ['instanceType', { InstanceType: { Value: 't3.micro' } }],
    ['kernel', {}],
    ['ramdisk', {}],
    ['userData', {}],
    ['disableApiTermination', { DisableApiTermination: { Value: false } }],
    ['disableApiStop', { DisableApiStop: { Value: false } }],
    ['instanceInitiatedShutdownBehavior', { InstanceInitiatedShutdownBehavior: { Value: 'stop' } }],
    ['rootDeviceName', { RootDeviceName: { Value: '/dev/xvda' } }],
    [
      'blockDeviceMapping',
      { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true } }] },
    ],
    ['productCodes', {}],
    ['sourceDestCheck', { SourceDestCheck: { Value: true } }],
    ['groupSet', { Groups: [{ GroupName: 'default' }] }],
    ['ebsOptimized', { EbsOptimized: { Value: false } }],
    ['sriovNetSupport', {}],
    ['enaSupport', { EnaSupport: { Value: true } }],
  ])('%s of a new instance', async (name, expected) => {
    expect(await attribute(live, name)).toMatchObject({ InstanceId: live, ...expected })
  })

  test('protection: by its own member and by name and value', async () => {
    const id = await running(cloud.ec2)
    await modify(id, { DisableApiTermination: { Value: true } })
    await modify(id, { Attribute: 'disableApiStop', Value: 'true' })
    const end = () => cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    const halt = () => cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
    expect(await errorOf(end())).toMatchObject({
      code: 'OperationNotPermitted',
      message: expect.stringContaining("'disableApiTermination'"),
    })
    expect(await codeOf(halt())).toBe('OperationNotPermitted')
    await modify(id, { DisableApiTermination: { Value: false } })
    await modify(id, { DisableApiStop: { Value: false } })
    await halt()
    await end()
  })

  test('the type of a stopped instance: its machine is another one', async () => {
    expect(await errorOf(modify(live, { InstanceType: { Value: 't3.small' } }))).toEqual({
      code: 'IncorrectInstanceState',
      message: `The instance '${live}' is not in the 'stopped' state.`,
    })
    const id = await stopped(cloud.ec2)
    await modify(id, { InstanceType: { Value: 'm5.xlarge' } })
    expect(await see(cloud.ec2, id)).toMatchObject({
      InstanceType: 'm5.xlarge',
      CpuOptions: { CoreCount: 2, ThreadsPerCore: 2 },
    })
    const type = (Value: string) => codeOf(modify(id, { InstanceType: { Value } }))
    expect(await type('t4g.micro')).toBe('Unsupported')
    expect(await type('m5.24xlarge')).toBe('Unsupported')
    expect(await type('nonsense')).toBe('InvalidParameterValue')
  })

  test('user data of a stopped instance', async () => {
    const Value = Buffer.from('#!/bin/sh\necho again\n')
    expect(await codeOf(modify(live, { UserData: { Value } }))).toBe('IncorrectInstanceState')
    await modify(still, { UserData: { Value } })
    expect((await attribute(still, 'userData')).UserData?.Value).toBe(Value.toString('base64'))
    const tooLong = { UserData: { Value: Buffer.alloc(16_385) } }
    expect(await codeOf(modify(still, tooLong))).toBe('InvalidParameterValue')
  })

  test('the behaviour at shutdown', async () => {
    const id = await running(cloud.ec2)
    await modify(id, { InstanceInitiatedShutdownBehavior: { Value: 'terminate' } })
    cloud.agent.guestPowersOff(id)
    await eventually(
      () => see(cloud.ec2, id),
      (one) => one.State?.Name === 'terminated',
    )
    expect(await codeOf(modify(id, { DisableApiStop: { Value: true } }))).toBe(
      'IncorrectInstanceState',
    )
    const other = { InstanceInitiatedShutdownBehavior: { Value: 'explode' } }
    expect(await codeOf(modify(live, other))).toBe('InvalidParameterValue')
  })

  test('groups and the source check reach the host', async () => {
    const input = { GroupName: 'for-attributes', Description: 'd' }
    const { GroupId } = await cloud.ec2.send(new CreateSecurityGroupCommand(input))
    await modify(live, { Groups: [GroupId!] })
    await modify(live, { SourceDestCheck: { Value: false } })
    const plan = await eventually(
      () => planOf(live),
      (one) => !one.isSourceDestChecked,
    )
    expect(plan.groupIds).toEqual([GroupId])
    expect(await see(cloud.ec2, live)).toMatchObject({
      SourceDestCheck: false,
      SecurityGroups: [{ GroupId, GroupName: 'for-attributes' }],
    })
    const reset = { InstanceId: live, Attribute: 'sourceDestCheck' as const }
    await cloud.ec2.send(new ResetInstanceAttributeCommand(reset))
    await eventually(
      () => planOf(live),
      (one) => one.isSourceDestChecked,
    )
    const unknown = { Groups: ['sg-0123456789abcdef0'] }
    expect(await codeOf(modify(live, unknown))).toBe('InvalidGroup.NotFound')
  })

  test('whether a volume goes with the instance', async () => {
    const mapping = (DeviceName: string) => ({
      BlockDeviceMappings: [{ DeviceName, Ebs: { DeleteOnTermination: false } }],
    })
    await modify(still, mapping('/dev/xvda'))
    const { BlockDeviceMappings } = await attribute(still, 'blockDeviceMapping')
    expect(BlockDeviceMappings![0]!.Ebs!.DeleteOnTermination).toBe(false)
    expect(await codeOf(modify(still, mapping('/dev/sdz')))).toBe('InvalidParameterValue')
  })

  test('flags that only a stopped instance takes', async () => {
    await modify(still, { EbsOptimized: { Value: true } })
    expect((await attribute(still, 'ebsOptimized')).EbsOptimized).toEqual({ Value: true })
    await modify(still, { EnaSupport: { Value: true } })
    expect(await codeOf(modify(live, { EbsOptimized: { Value: true } }))).toBe(
      'IncorrectInstanceState',
    )
    expect(await codeOf(modify(still, { EnaSupport: { Value: false } }))).toBe(
      'UnsupportedOperation',
    )
    expect(await codeOf(modify(still, { Kernel: { Value: 'aki-1' } }))).toBe('UnsupportedOperation')
  })

  test('one attribute a request', async () => {
    expect(await codeOf(modify(live, {}))).toBe('MissingParameter')
    const two = { DisableApiStop: { Value: true }, SourceDestCheck: { Value: true } }
    expect(await codeOf(modify(live, two))).toBe('InvalidParameterCombination')
    const dry = { DisableApiStop: { Value: true }, DryRun: true }
    expect(await codeOf(modify(live, dry))).toBe('DryRunOperation')
    expect((await attribute(live, 'disableApiStop')).DisableApiStop).toEqual({ Value: false })
  })
})

describe('options', () => {
  test('metadata options are in force for the host and shown', async () => {
    const change = (input: object) =>
      cloud.ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: live, ...input }))
    const answer = await change({ HttpTokens: 'required', HttpPutResponseHopLimit: 3 })
    const expected = {
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 3,
      HttpEndpoint: 'enabled',
      State: 'applied',
    }
    expect(answer.InstanceMetadataOptions).toMatchObject(expected)
    expect((await see(cloud.ec2, live)).MetadataOptions).toMatchObject(expected)
    await eventually(
      () => planOf(live).metadata.hopLimit,
      (limit) => limit === 3,
    )
    await change({ HttpEndpoint: 'disabled' })
    await eventually(
      () => planOf(live).metadata.isEnabled,
      (isEnabled) => !isEnabled,
    )
    expect(await codeOf(change({ HttpPutResponseHopLimit: 65 }))).toBe('InvalidParameterValue')
    expect(await codeOf(change({ HttpProtocolIpv6: 'enabled' }))).toBe('UnsupportedOperation')
  })

  test('monitoring and automatic recovery', async () => {
    const input = { InstanceIds: [live] }
    const { InstanceMonitorings } = await cloud.ec2.send(new MonitorInstancesCommand(input))
    expect(InstanceMonitorings).toEqual([{ InstanceId: live, Monitoring: { State: 'enabled' } }])
    expect((await see(cloud.ec2, live)).Monitoring?.State).toBe('enabled')
    await cloud.ec2.send(new UnmonitorInstancesCommand(input))
    expect((await see(cloud.ec2, live)).Monitoring?.State).toBe('disabled')
    await cloud.ec2.send(
      new ModifyInstanceMaintenanceOptionsCommand({ InstanceId: live, AutoRecovery: 'disabled' }),
    )
    expect((await see(cloud.ec2, live)).MaintenanceOptions?.AutoRecovery).toBe('disabled')
  })

  test('cores and threads of a stopped instance', async () => {
    const id = await stopped(cloud.ec2, { InstanceType: 'm5.xlarge' })
    const change = (InstanceId: string, CoreCount: number, ThreadsPerCore: number) =>
      cloud.ec2.send(new ModifyInstanceCpuOptionsCommand({ InstanceId, CoreCount, ThreadsPerCore }))
    await change(id, 1, 1)
    expect((await see(cloud.ec2, id)).CpuOptions).toMatchObject({ CoreCount: 1, ThreadsPerCore: 1 })
    expect(await codeOf(change(id, 3, 1))).toBe('InvalidParameterValue')
    expect(await codeOf(change(live, 1, 1))).toBe('IncorrectInstanceState')
  })

  test('the host name of a stopped instance', async () => {
    const change = (InstanceId: string) =>
      cloud.ec2.send(
        new ModifyPrivateDnsNameOptionsCommand({
          InstanceId,
          PrivateDnsHostnameType: 'resource-name',
        }),
      )
    await change(still)
    expect((await see(cloud.ec2, still)).PrivateDnsName).toBe(`${still}.ec2.internal`)
    expect(await codeOf(change(live))).toBe('IncorrectInstanceState')
  })

  test('credits of burstable types', async () => {
    const other = await running(cloud.ec2, { InstanceType: 'm5.large' })
    const list = async (InstanceIds?: string[]) =>
      (await cloud.ec2.send(new DescribeInstanceCreditSpecificationsCommand({ InstanceIds })))
        .InstanceCreditSpecifications!
    expect(await list([live])).toEqual([{ InstanceId: live, CpuCredits: 'unlimited' }])
    expect(await codeOf(list([other]))).toBe('UnsupportedOperation')
    const answer = await cloud.ec2.send(
      new ModifyInstanceCreditSpecificationCommand({
        InstanceCreditSpecifications: [
          { InstanceId: live, CpuCredits: 'standard' },
          { InstanceId: other, CpuCredits: 'standard' },
          { InstanceId: 'i-0123456789abcdef0', CpuCredits: 'standard' },
        ],
      }),
    )
    expect(answer.SuccessfulInstanceCreditSpecifications).toEqual([{ InstanceId: live }])
    expect(answer.UnsuccessfulInstanceCreditSpecifications!.map((one) => one.Error?.Code)).toEqual([
      'InstanceCreditSpecification.NotSupported',
      'InvalidInstanceID.NotFound',
    ])
    expect((await list()).map((one) => one.InstanceId)).not.toContain(live)
    const wrong: Partial<RunInstancesCommandInput> = {
      InstanceType: 'm5.large',
      CreditSpecification: { CpuCredits: 'unlimited' },
    }
    expect(await codeOf(running(cloud.ec2, wrong))).toBe('InvalidParameterCombination')
  })

  test('several interfaces: groups and the source check are asked of one of them', async () => {
    const id = await running(cloud.ec2, {
      InstanceType: 't3.medium',
      NetworkInterfaces: [{ DeviceIndex: 0 }, { DeviceIndex: 1 }, { DeviceIndex: 2 }],
    })
    expect(await codeOf(modify(id, { SourceDestCheck: { Value: false } }))).toBe(
      'InvalidParameterCombination',
    )
    await stop(cloud.ec2, id)
    expect(await codeOf(modify(id, { InstanceType: { Value: 't3.micro' } }))).toBe(
      'AttachmentLimitExceeded',
    )
  })
})
