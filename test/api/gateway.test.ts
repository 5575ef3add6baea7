/** The Backup gateway through the SDK: gateways, hypervisors with their states, machines, tags; all simulated. */
import {
  AssociateGatewayToServerCommand,
  CreateGatewayCommand,
  DeleteGatewayCommand,
  DeleteHypervisorCommand,
  DisassociateGatewayFromServerCommand,
  GetBandwidthRateLimitScheduleCommand,
  GetGatewayCommand,
  GetHypervisorCommand,
  GetVirtualMachineCommand,
  ImportHypervisorConfigurationCommand,
  ListGatewaysCommand,
  ListHypervisorsCommand,
  ListTagsForResourceCommand,
  ListVirtualMachinesCommand,
  PutBandwidthRateLimitScheduleCommand,
  PutMaintenanceStartTimeCommand,
  StartVirtualMachinesMetadataSyncCommand,
  TagResourceCommand,
  TestHypervisorConfigurationCommand,
  UntagResourceCommand,
  UpdateGatewayInformationCommand,
  UpdateGatewaySoftwareNowCommand,
  UpdateHypervisorCommand,
  type BackupGatewayClient,
} from '@aws-sdk/client-backup-gateway'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { activationKeyMake } from '../../src/app/gateway/activation.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { eventually } from '../support/eventually.ts'
import {
  gatewayMake,
  hypervisorGet,
  hypervisorMake,
  listed,
  machinesOf,
  stateIs,
} from '../support/gateway.ts'
import { failureOf } from '../support/iam.ts'
import { running } from '../support/launch.ts'

let nowOffset = 0
let cloud: TestCloud
let client: BackupGatewayClient
beforeEach(async () => {
  nowOffset = 0
  const clock = { ...systemClock, now: () => Date.now() + nowOffset }
  cloud = await startTestCloud({ clock, settings: { hypervisorLookMs: 100 } })
  client = cloud.gatewayOf()
})
afterEach(() => cloud.close())

const LOCAL = 'qemu:///system'
const create = (ActivationKey: string) =>
  client.send(
    new CreateGatewayCommand({
      ActivationKey,
      GatewayDisplayName: 'door',
      GatewayType: 'BACKUP_VM',
      Tags: [{ Key: 'of', Value: 'tests' }],
    }),
  )

test('a gateway is made with a key of the host, once and within half an hour', async () => {
  const { key } = await activationKeyMake(cloud.app)
  expect(key).toMatch(/^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$/)
  expect(await nameOf(create('AAAAA-BBBBB'))).toBe('ValidationException')
  const GatewayArn = (await create(key)).GatewayArn!
  expect(GatewayArn).toMatch(
    new RegExp(`^arn:aws:backup-gateway:us-east-1:${ACCOUNT}:gateway/bgw-[0-9A-F]{8}$`),
  )
  const again = await failureOf(create(key))
  expect(again.code).toBe('ValidationException')
  expect(again.message).toContain('./brume gateway key')
  const late = await activationKeyMake(cloud.app)
  nowOffset = 31 * 60_000
  expect(await nameOf(create(late.key))).toBe('ValidationException')

  const { Gateway } = await client.send(new GetGatewayCommand({ GatewayArn }))
  expect(Gateway).toMatchObject({
    GatewayArn,
    GatewayDisplayName: 'door',
    GatewayType: 'BACKUP_VM',
  })
  expect(Gateway!.LastSeenTime).toBeInstanceOf(Date)
  expect(Gateway!.HypervisorId).toBeUndefined()
  await client.send(new UpdateGatewayInformationCommand({ GatewayArn, GatewayDisplayName: 'gate' }))
  const { Gateways } = await client.send(new ListGatewaysCommand({}))
  expect(Gateways!.map((one) => one.GatewayDisplayName)).toEqual(['gate'])
  const update = await failureOf(client.send(new UpdateGatewaySoftwareNowCommand({ GatewayArn })))
  expect(update).toMatchObject({ code: 'ValidationException' })
  expect(update.message).toContain('No software update is available')
  await client.send(new DeleteGatewayCommand({ GatewayArn }))
  expect(await nameOf(client.send(new GetGatewayCommand({ GatewayArn })))).toBe(
    'ResourceNotFoundException',
  )
})

test('a maintenance window and a bandwidth schedule are kept and checked', async () => {
  const GatewayArn = await gatewayMake(cloud, client)
  const window = { HourOfDay: 3, MinuteOfHour: 30, DayOfWeek: 0 }
  await client.send(new PutMaintenanceStartTimeCommand({ GatewayArn, ...window }))
  const { Gateway } = await client.send(new GetGatewayCommand({ GatewayArn }))
  expect(Gateway!.MaintenanceStartTime).toEqual(window)
  const both = new PutMaintenanceStartTimeCommand({ GatewayArn, ...window, DayOfMonth: 1 })
  expect(await nameOf(client.send(both))).toBe('ValidationException')

  const day = {
    StartHourOfDay: 8,
    StartMinuteOfHour: 0,
    EndHourOfDay: 17,
    EndMinuteOfHour: 59,
    DaysOfWeek: [1, 2, 3],
    AverageUploadRateLimitInBitsPerSec: 8_000_000,
  }
  const get = async () =>
    (await client.send(new GetBandwidthRateLimitScheduleCommand({ GatewayArn })))
      .BandwidthRateLimitIntervals
  const put = (...BandwidthRateLimitIntervals: (typeof day)[]) =>
    client.send(
      new PutBandwidthRateLimitScheduleCommand({ GatewayArn, BandwidthRateLimitIntervals }),
    )
  expect(await get()).toEqual([])
  await put(day, { ...day, StartHourOfDay: 18, EndHourOfDay: 23 })
  expect(await get()).toHaveLength(2)
  const overlap = await failureOf(put(day, { ...day, StartHourOfDay: 17 }))
  expect(overlap).toMatchObject({ code: 'ValidationException' })
  expect(overlap.message).toContain('overlaps')
  expect(await nameOf(put({ ...day, EndHourOfDay: 7 }))).toBe('ValidationException')
  expect(await nameOf(put({ ...day, AverageUploadRateLimitInBitsPerSec: 1 }))).toBe(
    'ValidationException',
  )
  expect(await get()).toHaveLength(2)
  await put()
  expect(await get()).toEqual([])
})

test('a hypervisor is PENDING without a gateway, then what is true of it', async () => {
  const { HypervisorArn } = await client.send(
    new ImportHypervisorConfigurationCommand({ Name: 'lab', Host: LOCAL }),
  )
  expect(HypervisorArn).toMatch(/:hypervisor\/hype-[0-9a-f]{17}$/)
  expect(await hypervisorGet(client, HypervisorArn!)).toMatchObject({
    Host: LOCAL,
    Name: 'lab',
    State: 'PENDING',
    HypervisorArn,
  })
  const sync = new StartVirtualMachinesMetadataSyncCommand({ HypervisorArn })
  expect(await nameOf(client.send(sync))).toBe('ValidationException')

  const GatewayArn = await gatewayMake(cloud, client)
  const associate = new AssociateGatewayToServerCommand({ GatewayArn, ServerArn: HypervisorArn })
  await client.send(associate)
  await client.send(associate)
  await stateIs(client, HypervisorArn!, 'OFFLINE')
  cloud.agent.hypervisors.set(LOCAL, { password: null, machines: [listed('web')] })
  await stateIs(client, HypervisorArn!, 'ONLINE')
  cloud.agent.hypervisors.set(LOCAL, { password: 'changed', machines: [] })
  const refused = await stateIs(client, HypervisorArn!, 'ERROR')
  expect(refused.LatestMetadataSyncStatusMessage).toBeDefined()
  cloud.agent.hypervisors.delete(LOCAL)
  await stateIs(client, HypervisorArn!, 'OFFLINE')

  const inUse = await failureOf(client.send(new DeleteHypervisorCommand({ HypervisorArn })))
  expect(inUse.code).toBe('ConflictException')
  await client.send(new DisassociateGatewayFromServerCommand({ GatewayArn }))
  expect(await hypervisorGet(client, HypervisorArn!)).toMatchObject({ State: 'PENDING' })
  expect(await nameOf(client.send(new DisassociateGatewayFromServerCommand({ GatewayArn })))).toBe(
    'ConflictException',
  )
  await client.send(new DeleteHypervisorCommand({ HypervisorArn }))
  expect(await nameOf(client.send(new GetHypervisorCommand({ HypervisorArn })))).toBe(
    'ResourceNotFoundException',
  )
})

test('a gateway has one hypervisor, and a hypervisor may have several gateways', async () => {
  const { hypervisorArn, gatewayArn } = await hypervisorMake(cloud, client)
  const other = await client.send(
    new ImportHypervisorConfigurationCommand({ Name: 'other', Host: 'qemu+tls://kvm.example' }),
  )
  const associate = (GatewayArn: string, ServerArn: string) =>
    client.send(new AssociateGatewayToServerCommand({ GatewayArn, ServerArn }))
  expect(await nameOf(associate(gatewayArn, other.HypervisorArn!))).toBe('ConflictException')
  const second = await gatewayMake(cloud, client)
  await associate(second, hypervisorArn)
  // This operation has no ResourceNotFoundException.
  const absent = hypervisorArn.replace(/.{4}$/, '0000')
  expect(await nameOf(associate(second, absent))).toBe('ValidationException')
  await client.send(new DeleteGatewayCommand({ GatewayArn: gatewayArn }))
  const { Gateway } = await client.send(new GetGatewayCommand({ GatewayArn: second }))
  expect(Gateway!.HypervisorId).toBe(hypervisorArn.split('/')[1])
})

test('hosts that would be commands, files or options are refused', async () => {
  const tryHost = (Host: string, more = {}) =>
    client.send(new ImportHypervisorConfigurationCommand({ Name: 'x', Host, ...more }))
  for (const host of [
    'qemu+ext://host/system?command=/bin/sh',
    'qemu+ssh://host/system?command=/bin/sh',
    'qemu+ssh://-oProxyCommand=x/system',
    'qemu+unix:///system?socket=/run/other',
    'qemu+ssh://host/system#x',
    'qemu:///etc/passwd',
    'esx://vcenter/',
    'ssh -x',
  ]) {
    expect([host, (await failureOf(tryHost(host))).code]).toEqual([host, 'ValidationException'])
  }
  const overSsh = await failureOf(tryHost('kvm.example', { Username: 'root', Password: 'secret' }))
  expect(overSsh.message).toContain('./brume gateway ssh-key')
  await tryHost('kvm.example', { Username: 'backup' })
  expect(await nameOf(tryHost('KVM.example'))).toBe('ConflictException')
  expect(await nameOf(client.send(new ListVirtualMachinesCommand({ HypervisorArn: 'x' })))).toBe(
    'ValidationException',
  )
})

test('machines are listed, keep their ARNs, and go when the hypervisor has them no more', async () => {
  const web = listed('web', { words: [{ category: 'env', name: 'prod', description: 'live' }] })
  cloud.agent.hypervisors.set(LOCAL, { password: null, machines: [web, listed('db')] })
  const { hypervisorArn } = await hypervisorMake(cloud, client)
  const sync = async (status: string) => {
    await client.send(new StartVirtualMachinesMetadataSyncCommand({ HypervisorArn: hypervisorArn }))
    return eventually(
      () => hypervisorGet(client, hypervisorArn),
      (one) => one.LatestMetadataSyncStatus === status,
    )
  }
  const synced = await sync('SUCCEEDED')
  expect(synced.LastSuccessfulMetadataSyncTime).toBeInstanceOf(Date)
  const before = await machinesOf(client, hypervisorArn)
  expect(before.map(({ Name }) => Name).sort()).toEqual(['db', 'web'])
  const shown = before.find(({ Name }) => Name === 'web')!
  expect(shown).toEqual({
    HostName: 'simulated',
    HypervisorId: hypervisorArn.split('/')[1],
    Name: 'web',
    Path: '/disks/web.qcow2',
    ResourceArn: expect.stringMatching(/:vm\/vm-[0-9a-f]{17}$/) as string,
  })
  const ResourceArn = shown.ResourceArn!
  const { VirtualMachine } = await client.send(new GetVirtualMachineCommand({ ResourceArn }))
  expect(VirtualMachine!.VmwareTags).toEqual([
    { VmwareCategory: 'env', VmwareTagName: 'prod', VmwareTagDescription: 'live' },
  ])

  cloud.agent.hypervisors.set(LOCAL, { password: null, machines: [{ ...web, name: 'renamed' }] })
  await sync('SUCCEEDED')
  await eventually(
    () => machinesOf(client, hypervisorArn),
    (all) => all.length === 1 && all[0]!.ResourceArn === ResourceArn && all[0]!.Name === 'renamed',
  )
  const failing = { password: null, machines: [], failures: ['db: no description'] }
  cloud.agent.hypervisors.set(LOCAL, failing)
  const partly = await sync('PARTIALLY_FAILED')
  expect(partly.LatestMetadataSyncStatusMessage).toContain('db: no description')
  expect(await machinesOf(client, hypervisorArn)).toHaveLength(1)
  cloud.agent.hypervisors.set(LOCAL, { ...failing, failList: 'no permission' })
  expect((await sync('FAILED')).LatestMetadataSyncStatusMessage).toContain('no permission')
})

test("this Brume's own instances are machines of the hypervisor 'brume'", async () => {
  const instanceId = await running(cloud.ec2, {
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'shop' }] }],
  })
  const { hypervisorArn } = await hypervisorMake(cloud, client, { Host: 'brume' })
  await stateIs(client, hypervisorArn, 'ONLINE')
  const [machine] = await eventually(
    () => machinesOf(client),
    (all) => all.length === 1,
  )
  expect(machine).toMatchObject({
    Name: 'shop',
    HostName: 'host-1',
    Path: `/instances/${instanceId}`,
  })
  await cloud.ec2.terminateInstances({ InstanceIds: [instanceId] })
  await eventually(
    () => machinesOf(client),
    (all) => all.length === 0,
  )
})

test('pages go through all hypervisors once', async () => {
  for (const name of ['a', 'b', 'c']) {
    const input = { Name: name, Host: `qemu+tls://${name}.example` }
    await client.send(new ImportHypervisorConfigurationCommand(input))
  }
  const names: string[] = []
  let NextToken: string | undefined
  do {
    const page = await client.send(new ListHypervisorsCommand({ MaxResults: 2, NextToken }))
    expect(page.Hypervisors!.length).toBeLessThanOrEqual(2)
    names.push(...page.Hypervisors!.map(({ Name }) => Name!))
    NextToken = page.NextToken
  } while (NextToken)
  expect(names.sort()).toEqual(['a', 'b', 'c'])
})

test('a configuration is tested through a gateway, and says why it does not work', async () => {
  const GatewayArn = await gatewayMake(cloud, client)
  const Host = 'qemu+tls://kvm.example/system'
  const tryIt = (Password?: string) =>
    client.send(
      new TestHypervisorConfigurationCommand({ GatewayArn, Host, Username: 'me', Password }),
    )
  expect((await failureOf(tryIt('right'))).message).toContain('cannot be reached')
  cloud.agent.hypervisors.set(Host, { password: 'right', machines: [] })
  const refused = await failureOf(tryIt('wrong'))
  expect(refused).toMatchObject({ code: 'ValidationException' })
  expect(refused.message).toContain('authentication failed')
  await tryIt('right')
})

test('an update with other credentials is looked at anew', async () => {
  const Host = 'qemu+tls://kvm.example/system'
  cloud.agent.hypervisors.set(Host, { password: 'second', machines: [] })
  const { hypervisorArn } = await hypervisorMake(cloud, client, {
    Host,
    Username: 'me',
    Password: 'first',
  })
  await stateIs(client, hypervisorArn, 'ERROR')
  const HypervisorArn = hypervisorArn
  await client.send(new UpdateHypervisorCommand({ HypervisorArn, Password: 'second', Name: 'b' }))
  expect(await stateIs(client, hypervisorArn, 'ONLINE')).toMatchObject({ Name: 'b' })
})

test('tags of gateways, hypervisors and machines', async () => {
  cloud.agent.hypervisors.set(LOCAL, { password: null, machines: [listed('web')] })
  const { hypervisorArn, gatewayArn } = await hypervisorMake(cloud, client, {
    Tags: [{ Key: 'a', Value: '1' }],
  })
  const [machine] = await eventually(
    () => machinesOf(client),
    (all) => all.length === 1,
  )
  const tagsOf = async (ResourceArn: string) =>
    (await client.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags
  expect(await tagsOf(hypervisorArn)).toEqual([{ Key: 'a', Value: '1' }])
  for (const ResourceARN of [gatewayArn, hypervisorArn, machine!.ResourceArn!]) {
    const Tags = [{ Key: 'b', Value: '2' }]
    await client.send(new TagResourceCommand({ ResourceARN, Tags }))
    expect(await tagsOf(ResourceARN)).toContainEqual(Tags[0])
    await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['b', 'a'] }))
    expect(await tagsOf(ResourceARN)).toEqual([])
    const reserved = new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'aws:x', Value: '' }] })
    expect(await nameOf(client.send(reserved))).toBe('ValidationException')
  }
  const elsewhere = cloud.gatewayOf({ account: '444455556666' })
  const input = { ResourceArn: gatewayArn }
  expect(await nameOf(elsewhere.send(new ListTagsForResourceCommand(input)))).toBe(
    'ResourceNotFoundException',
  )
})
