/** Interfaces attached and detached, and their secondary addresses, through the SDK. */
import type { NetworkInterface } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { TINY, ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let SubnetId: string
let failing = ''

beforeAll(async () => {
  const failAttach = (id: string) => (id === failing ? 'no room on the bus' : undefined)
  cloud = await startTestCloud({ simulated: { failAttach } })
  aws = cloud.ec2
  const Filters = [{ Name: 'availability-zone', Values: ['us-east-1a'] }]
  SubnetId = (await aws.describeSubnets({ Filters })).Subnets![0]!.SubnetId!
})
afterAll(() => cloud.close())

async function running(): Promise<string> {
  const { instanceIds } = await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest())
  await reaches(instanceIds[0]!, 'running')
  return instanceIds[0]!
}

const instanceOf = async (id: string) =>
  (await aws.describeInstances({ InstanceIds: [id] })).Reservations![0]!.Instances![0]!

const reaches = (id: string, state: string) =>
  eventually(
    () => instanceOf(id),
    (instance) => instance.State!.Name === state,
  )

const spare = async (more: object = {}): Promise<string> =>
  (await aws.createNetworkInterface({ SubnetId, ...more })).NetworkInterface!.NetworkInterfaceId!

const shown = async (id: string): Promise<NetworkInterface> =>
  (await aws.describeNetworkInterfaces({ NetworkInterfaceIds: [id] })).NetworkInterfaces![0]!

const attach = (NetworkInterfaceId: string, InstanceId: string, DeviceIndex = 1) =>
  aws.attachNetworkInterface({ NetworkInterfaceId, InstanceId, DeviceIndex })

const planned = (id: string) =>
  cloud.agent
    .networkPlans()
    .flatMap((plan) => plan.interfaces)
    .find((nic) => nic.interfaceId === id)

describe('an interface', () => {
  test('is plugged into a running machine and pulled out again', async () => {
    const instanceId = await running()
    const id = await spare()
    const { AttachmentId } = await attach(id, instanceId)
    const attached = (one: NetworkInterface) => one.Attachment?.Status === 'attached'
    const one = await eventually(() => shown(id), attached)
    expect(one).toMatchObject({
      Status: 'in-use',
      Attachment: {
        AttachmentId,
        InstanceId: instanceId,
        DeviceIndex: 1,
        DeleteOnTermination: false,
      },
    })
    expect(cloud.agent.nicsOf(instanceId)).toContain(id)
    expect(planned(id)).toMatchObject({ instanceId, isLive: true })
    const nics = (await instanceOf(instanceId)).NetworkInterfaces!
    expect(nics.map((nic) => nic.Attachment!.DeviceIndex)).toEqual([0, 1])
    expect(await codeOf(attach(id, instanceId, 2))).toBe('InvalidNetworkInterface.InUse')
    expect(await codeOf(attach(await spare(), instanceId))).toBe('InvalidParameterValue')
    // t3.micro has two.
    expect(await codeOf(attach(await spare(), instanceId, 2))).toBe('AttachmentLimitExceeded')
    const primary = nics[0]!.Attachment!.AttachmentId
    expect(await codeOf(aws.detachNetworkInterface({ AttachmentId: primary }))).toBe(
      'OperationNotPermitted',
    )
    await aws.detachNetworkInterface({ AttachmentId })
    await eventually(
      () => shown(id),
      (each) => each.Status === 'available',
    )
    expect(cloud.agent.nicsOf(instanceId)).not.toContain(id)
    await eventually(
      () => planned(id),
      (nic) => nic === undefined,
    )
    expect(await codeOf(aws.detachNetworkInterface({ AttachmentId }))).toBe(
      'InvalidAttachmentID.NotFound',
    )
    await aws.deleteNetworkInterface({ NetworkInterfaceId: id })
  })

  test('that cannot be plugged is available again', async () => {
    const instanceId = await running()
    failing = await spare()
    await attach(failing, instanceId)
    await eventually(
      () => shown(failing),
      (one) => one.Status === 'available',
    )
    expect(cloud.agent.nicsOf(instanceId)).not.toContain(failing)
  })

  test('of a stopped instance changes at once and is there at the next start', async () => {
    const instanceId = await running()
    await aws.stopInstances({ InstanceIds: [instanceId] })
    await reaches(instanceId, 'stopped')
    const [first, second] = [await spare(), await spare()]
    const { AttachmentId } = await attach(first, instanceId)
    expect((await shown(first)).Attachment!.Status).toBe('attached')
    await aws.detachNetworkInterface({ AttachmentId })
    expect((await shown(first)).Status).toBe('available')
    await attach(second, instanceId, 5)
    await aws.startInstances({ InstanceIds: [instanceId] })
    const instance = await reaches(instanceId, 'running')
    expect(cloud.agent.nicsOf(instanceId)).toContain(second)
    // "It will not receive a new one if there is more than one network interface."
    expect(instance.PublicIpAddress).toBeUndefined()
    await aws.terminateInstances({ InstanceIds: [instanceId] })
    await reaches(instanceId, 'terminated')
    expect((await shown(second)).Status).toBe('available')
  })

  test('of another zone or an unknown one: refused', async () => {
    const instanceId = await running()
    const Filters = [{ Name: 'availability-zone', Values: ['us-east-1b'] }]
    const { Subnets } = await aws.describeSubnets({ Filters })
    const far = await spare({ SubnetId: Subnets![0]!.SubnetId })
    expect(await codeOf(attach(far, instanceId))).toBe('InvalidParameterValue')
    expect(await codeOf(attach('eni-01234567', instanceId))).toBe(
      'InvalidNetworkInterfaceID.NotFound',
    )
    expect(await codeOf(attach(await spare(), 'i-01234567'))).toBe('InvalidInstanceID.NotFound')
  })
})

describe('secondary addresses', () => {
  const addressesOf = async (id: string) =>
    (await shown(id)).PrivateIpAddresses!.map((each) => each.PrivateIpAddress)

  test('are assigned, moved and unassigned, live', async () => {
    const instance = await instanceOf(await running())
    const [nic] = instance.NetworkInterfaces!
    const { NetworkInterfaceId } = nic!
    const id = NetworkInterfaceId!
    const assign = (more: object) => aws.assignPrivateIpAddresses({ NetworkInterfaceId, ...more })
    const given = await assign({ SecondaryPrivateIpAddressCount: 1 })
    const [{ PrivateIpAddress: any } = {}] = given.AssignedPrivateIpAddresses!
    const other = await spare({ PrivateIpAddress: '172.31.8.8' })
    await aws.assignPrivateIpAddresses({
      NetworkInterfaceId: other,
      PrivateIpAddresses: ['172.31.8.9'],
    })
    const wish = { PrivateIpAddresses: ['172.31.8.9'] }
    // t3.micro has two for each interface.
    const tooMany = assign({ ...wish, AllowReassignment: true })
    expect(await codeOf(tooMany)).toBe('PrivateIpAddressLimitExceeded')
    expect(await addressesOf(other)).toEqual(['172.31.8.8', '172.31.8.9'])
    const unassign = (...PrivateIpAddresses: string[]) =>
      aws.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses })
    await unassign(any!)
    expect(await codeOf(assign(wish))).toBe('InvalidIPAddress.InUse')
    await assign({ ...wish, AllowReassignment: true })
    expect(await addressesOf(other)).toEqual(['172.31.8.8'])
    expect(await addressesOf(id)).toEqual([nic!.PrivateIpAddress, '172.31.8.9'])
    await eventually(
      () => planned(id)?.privateAddresses,
      (addresses) => addresses?.join() === `${nic!.PrivateIpAddress},172.31.8.9`,
    )
    expect(await codeOf(unassign(nic!.PrivateIpAddress!))).toBe('InvalidParameterValue')
    expect(await codeOf(unassign(any!))).toBe('InvalidParameterValue')
    expect(await codeOf(assign({}))).toBe('MissingParameter')
    const primary = { PrivateIpAddresses: ['172.31.8.8'], AllowReassignment: true }
    await unassign('172.31.8.9')
    expect(await codeOf(assign(primary))).toBe('InvalidIPAddress.InUse')
  })

  test('come with a launch, as do several interfaces', async () => {
    const { Instances } = await aws.runInstances({
      ImageId: TINY,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId,
          PrivateIpAddresses: [
            { PrivateIpAddress: '172.31.9.1', Primary: true },
            { PrivateIpAddress: '172.31.9.2', Primary: false },
          ],
        },
        { DeviceIndex: 1, SubnetId, SecondaryPrivateIpAddressCount: 1 },
      ],
    })
    const nics = Instances![0]!.NetworkInterfaces!
    expect(nics[0]!.PrivateIpAddresses!.map((each) => each.PrivateIpAddress)).toEqual([
      '172.31.9.1',
      '172.31.9.2',
    ])
    expect(nics[1]!.PrivateIpAddresses).toHaveLength(2)
  })
})
