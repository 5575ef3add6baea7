/**
 * Virtual machines of the Backup gateway as resources of Backup, through the SDK: backed up into real vaults, chosen by
 * tags, restored to their hypervisor, to instances and to volumes. The hypervisor is simulated.
 */
import { randomBytes } from 'node:crypto'
import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  DescribeProtectedResourceCommand,
  DescribeRecoveryPointCommand,
  ListBackupJobsCommand,
  StartRestoreJobCommand,
  StopBackupJobCommand,
} from '@aws-sdk/client-backup'
import {
  GetVirtualMachineCommand,
  PutBandwidthRateLimitScheduleCommand,
  PutHypervisorPropertyMappingsCommand,
  StartVirtualMachinesMetadataSyncCommand,
  TagResourceCommand,
  type BackupGatewayClient,
} from '@aws-sdk/client-backup-gateway'
import { CreateVolumeCommand } from '@aws-sdk/client-ec2'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SIMULATED_BLOCK_BYTES } from '../../src/agent/simulated-volumes.ts'
import { volumeStateOf } from '../../src/domain/volume.ts'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, ROLE, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { hypervisorMake, listed, machinesOf, stateIs } from '../support/gateway.ts'
import { document, failureOf } from '../support/iam.ts'
import { running } from '../support/launch.ts'

const LOCAL = 'qemu:///system'
const KIB = 1024
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
const kit = backupKit(() => cloud)

/** One machine with a disk of random bytes. */
async function lab() {
  const disk = randomBytes(1024 * KIB)
  const machines = [listed('web'), listed('db')]
  const disks = new Map([['uuid-of-web', disk]])
  cloud.agent.hypervisors.set(LOCAL, { password: null, machines, disks })
  const { hypervisorArn, gatewayArn } = await hypervisorMake(cloud, client)
  await stateIs(client, hypervisorArn, 'ONLINE')
  const shown = await eventually(
    () => machinesOf(client, hypervisorArn),
    (all) => all.length === 2,
  )
  const arnOf = (name: string) => shown.find(({ Name }) => Name === name)!.ResourceArn!
  return { disk, arn: arnOf('web'), db: arnOf('db'), hypervisorArn, gatewayArn }
}

const allowAssume = (Service: string) =>
  document({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' })

const simulated = () => cloud.agent.hypervisors.get(LOCAL)!

test('full, incremental, full again when the checkpoint is gone; the last date is shown', async () => {
  const { disk, arn } = await lab()
  await kit.vault('vault')
  const first = await kit.backUp(arn, 'vault')
  expect(first).toMatchObject({ ResourceType: 'VirtualMachine', ResourceName: 'web' })
  expect(first.BackupSizeInBytes).toBe(disk.length)
  const { VirtualMachine } = await client.send(new GetVirtualMachineCommand({ ResourceArn: arn }))
  expect(VirtualMachine!.LastBackupDate).toBeInstanceOf(Date)
  const { LastBackupTime, ResourceType } = await kit
    .client()
    .send(new DescribeProtectedResourceCommand({ ResourceArn: arn }))
  expect([LastBackupTime, ResourceType]).toEqual([expect.any(Date), 'VirtualMachine'])

  disk.fill(7, 64 * KIB, 128 * KIB)
  const second = await kit.backUp(arn, 'vault')
  expect(second.StatusMessage ?? '').not.toContain('everything was read')
  const points = await cloud.app.store.list('backupPoint', {})
  const tokens = points.map(({ id, token }) => [id, token])
  const newest = second.RecoveryPointArn!.split(':').at(-1)
  // What the hypervisor remembers belongs to the newest point alone.
  expect(tokens.filter(([, token]) => token !== null)).toEqual([[newest, newest]])

  // Another process: the simulated hypervisor has forgotten its instants.
  await cloud.app.store.transact(async (tx) => {
    const point = (await tx.get('backupPoint', newest!))!
    await tx.update('backupPoint', { ...point, token: 'lost' })
  })
  const third = await kit.backUp(arn, 'vault')
  expect(third.StatusMessage).toContain('everything was read')
  for (const [point, at] of [
    [second, 7],
    [third, 7],
  ] as const) {
    const content = await restored(point.RecoveryPointArn!)
    expect(content.equals(disk)).toBe(true)
    expect(content[64 * KIB]).toBe(at)
  }
  expect((await restored(first.RecoveryPointArn!)).equals(disk)).toBe(false)
})

/** Restored to the hypervisor: what its new machine has on its disk. */
async function restored(RecoveryPointArn: string): Promise<Buffer> {
  const name = `again-${randomBytes(4).toString('hex')}`
  const { RestoreJobId } = await kit.client().send(
    new StartRestoreJobCommand({
      RecoveryPointArn,
      IamRoleArn: ROLE,
      Metadata: { RestoreTo: 'VMware', VMName: name, VMDatastore: '/pool' },
    }),
  )
  const job = await kit.restoreEnd(RestoreJobId!)
  expect(job.StatusMessage).toBeUndefined()
  expect(job.Status).toBe('COMPLETED')
  const ResourceArn = job.CreatedResourceArn!
  const { VirtualMachine } = await client.send(new GetVirtualMachineCommand({ ResourceArn }))
  expect(VirtualMachine).toMatchObject({ Name: name, Path: `/pool/${name}.qcow2` })
  const machine = simulated().machines.find((one) => one.name === name)!
  return simulated().disks!.get(machine.machineId)!
}

test('a guest is brought to rest unless that is not wanted, and the point says which it was', async () => {
  const { arn } = await lab()
  await kit.vault('vault')
  const consistencyOf = async (point: string) =>
    (await cloud.app.store.get('backupPoint', point.split(':').at(-1)!))!.consistency
  const calm = await kit.backUp(arn, 'vault')
  expect(await consistencyOf(calm.RecoveryPointArn!)).toBe('application')
  const BackupOptions = { WindowsVSS: 'disabled' }
  const crash = await kit.backUp(arn, 'vault', { BackupOptions })
  expect(await consistencyOf(crash.RecoveryPointArn!)).toBe('crash')
})

test('restored to an instance, and to volumes, byte for byte', async () => {
  const { disk, arn } = await lab()
  await kit.vault('vault')
  const { RecoveryPointArn } = await kit.backUp(arn, 'vault')
  const own = await kit.metadata('vault', RecoveryPointArn!)
  expect(own).toMatchObject({ RestoreTo: 'VMware', VMName: 'web', vmId: 'uuid-of-web' })
  expect(JSON.parse(own.DisksToRestore!)).toEqual([{ DiskId: 'vda', Label: 'simulated' }])
  const start = async (Metadata: Record<string, string>) =>
    kit.client().send(new StartRestoreJobCommand({ RecoveryPointArn, IamRoleArn: ROLE, Metadata }))
  const { Subnets } = await cloud.ec2.describeSubnets({})
  const SubnetId = Subnets![0]!.SubnetId!
  const instance = await start({ RestoreTo: 'EC2Instance', InstanceType: 't3.micro', SubnetId })
  const done = await kit.restoreEnd(instance.RestoreJobId!)
  expect(done).toMatchObject({ Status: 'COMPLETED' })
  const instanceId = done.CreatedResourceArn!.split('/')[1]!
  const { Reservations } = await cloud.ec2.describeInstances({ InstanceIds: [instanceId] })
  const made = Reservations![0]!.Instances![0]!
  expect(made).toMatchObject({ InstanceType: 't3.micro', State: { Name: 'running' }, SubnetId })
  const volumeId = made.BlockDeviceMappings![0]!.Ebs!.VolumeId!
  const contentOf = (id: string) => {
    const content = Buffer.alloc(disk.length)
    for (const block of [0, 1]) {
      content.write(cloud.agent.storage.read(id, block), block * SIMULATED_BLOCK_BYTES, 'latin1')
    }
    return content
  }
  expect(contentOf(volumeId).equals(disk)).toBe(true)

  const volume = await start({ RestoreTo: 'EBSVolume', AvailabilityZone: 'us-east-1b' })
  const ended = await kit.restoreEnd(volume.RestoreJobId!)
  expect(ended).toMatchObject({ Status: 'COMPLETED' })
  const record = (await cloud.app.store.get('volume', ended.CreatedResourceArn!.split('/')[1]!))!
  expect([volumeStateOf(record), record.zone]).toEqual(['available', 'us-east-1b'])
  expect(contentOf(record.id).equals(disk)).toBe(true)

  const wrongs: Record<string, string>[] = [
    { RestoreTo: 'Nowhere' },
    { RestoreTo: 'VMware' },
    { RestoreTo: 'VMware', VMName: 'x', Colour: 'red' },
    { RestoreTo: 'VMware', VMName: 'x', HypervisorArn: arn },
    { RestoreTo: 'EBSVolume', EbsVolumeType: 'paper' },
    { RestoreTo: 'EBSVolume', DisksToRestore: '[{"DiskId":"vdz"}]' },
    { RestoreTo: 'EC2Instance', InstanceType: 'x9.none' },
  ]
  for (const wrong of wrongs) {
    const failure = await failureOf(start(wrong))
    expect([wrong, failure.code]).toEqual([wrong, 'InvalidParameterValueException'])
  }
})

test('a plan chooses machines by tags that were mapped or written', async () => {
  const { arn, db, hypervisorArn } = await lab()
  const words = [{ category: 'env', name: 'prod', description: null }]
  const machines = [listed('web'), listed('db', { words }), listed('other')]
  cloud.agent.hypervisors.set(LOCAL, { ...simulated(), machines })
  const trust = allowAssume('backup-gateway.amazonaws.com')
  const role = { RoleName: 'tagger', AssumeRolePolicyDocument: trust }
  await cloud.iamOf().send(new CreateRoleCommand(role))
  await client.send(
    new PutHypervisorPropertyMappingsCommand({
      HypervisorArn: hypervisorArn,
      IamRoleArn: `arn:aws:iam::${ACCOUNT}:role/tagger`,
      VmwareToAwsTagMappings: [
        {
          VmwareCategory: 'env',
          VmwareTagName: 'prod',
          AwsTagKey: 'backup',
          AwsTagValue: 'daily',
        },
      ],
    }),
  )
  await client.send(new StartVirtualMachinesMetadataSyncCommand({ HypervisorArn: hypervisorArn }))
  await eventually(
    () => cloud.app.store.list('gatewayMachine', {}),
    (all) => all.some(({ mapped }) => mapped.backup === 'daily'),
  )
  const Tags = [{ Key: 'backup', Value: 'daily' }]
  await client.send(new TagResourceCommand({ ResourceARN: arn, Tags }))
  await kit.vault('vault')
  const { BackupPlanId } = await kit.client().send(
    new CreateBackupPlanCommand({
      BackupPlan: {
        BackupPlanName: 'daily',
        Rules: [
          {
            RuleName: 'r',
            TargetBackupVaultName: 'vault',
            ScheduleExpression: 'cron(0/15 * ? * * *)',
          },
        ],
      },
    }),
  )
  const ListOfTags = [
    { ConditionType: 'STRINGEQUALS', ConditionKey: 'backup', ConditionValue: 'daily' } as const,
  ]
  const BackupSelection = { SelectionName: 's', IamRoleArn: ROLE, ListOfTags }
  await kit.client().send(new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }))
  nowOffset = 16 * 60_000
  const jobs = await eventually(
    async () => {
      cloud.app.activate('backupPlans')
      const { BackupJobs } = await kit.client().send(new ListBackupJobsCommand({}))
      return BackupJobs!
    },
    (all) => all.length > 0 && all.every(({ State }) => State === 'COMPLETED'),
    20_000,
  )
  expect(jobs.map(({ ResourceArn }) => ResourceArn).sort()).toEqual([arn, db].sort())
})

test('a hypervisor that is away is waited for; one that refuses fails the job', async () => {
  const { arn, hypervisorArn } = await lab()
  await kit.vault('vault')
  const kept = simulated()
  cloud.agent.hypervisors.delete(LOCAL)
  await stateIs(client, hypervisorArn, 'OFFLINE')
  const { BackupJobId } = await kit.start(arn, 'vault')
  const waiting = async () => (await cloud.app.store.get('backupJob', BackupJobId!))!.message
  await eventually(waiting, (text) => text?.endsWith('which is OFFLINE') ?? false)
  cloud.agent.hypervisors.set(LOCAL, { ...kept, password: 'other' })
  await stateIs(client, hypervisorArn, 'ERROR')
  const refused = await kit.jobEnd(BackupJobId!)
  expect(refused).toMatchObject({ State: 'FAILED' })
  expect(refused.StatusMessage).toContain('authentication failed')
})

test("this Brume's own machine is backed up as the instance that it is", async () => {
  const instanceId = await running(cloud.ec2)
  const { hypervisorArn } = await hypervisorMake(cloud, client, { Host: 'brume' })
  await stateIs(client, hypervisorArn, 'ONLINE')
  const [machine] = await eventually(
    () => machinesOf(client),
    (all) => all.length === 1,
  )
  await kit.vault('vault')
  const ResourceArn = machine!.ResourceArn!
  const job = await kit.backUp(ResourceArn, 'vault')
  expect(job).toMatchObject({ ResourceType: 'VirtualMachine', ResourceArn })
  const shown = await client.send(new GetVirtualMachineCommand({ ResourceArn }))
  expect(shown.VirtualMachine!.LastBackupDate).toBeInstanceOf(Date)
  const { RecoveryPointArn } = job
  const Metadata = await kit.metadata('vault', RecoveryPointArn!)
  expect(Metadata.RestoreTo).toBe('EC2Instance')
  const restore = new StartRestoreJobCommand({ RecoveryPointArn, IamRoleArn: ROLE, Metadata })
  const { RestoreJobId } = await kit.client().send(restore)
  const done = await kit.restoreEnd(RestoreJobId!)
  expect(done).toMatchObject({ Status: 'COMPLETED' })
  expect(done.CreatedResourceArn).toMatch(new RegExp(`^arn:aws:ec2:us-east-1:${ACCOUNT}:instance/`))
  expect(done.CreatedResourceArn).not.toContain(instanceId)
  // Its next backup compares with the layers of this one.
  await kit.backUp(ResourceArn, 'vault')
  const point = await kit
    .client()
    .send(new DescribeRecoveryPointCommand({ BackupVaultName: 'vault', RecoveryPointArn }))
  expect(point.Status).toBe('COMPLETED')
})

test("the gateway's schedule limits what goes into the vault", async () => {
  const { arn, gatewayArn } = await lab()
  const all = {
    StartHourOfDay: 0,
    StartMinuteOfHour: 0,
    EndHourOfDay: 23,
    EndMinuteOfHour: 59,
    DaysOfWeek: [0, 1, 2, 3, 4, 5, 6],
    // 1 MiB takes two seconds.
    AverageUploadRateLimitInBitsPerSec: 4 * 1024 * KIB,
  }
  await client.send(
    new PutBandwidthRateLimitScheduleCommand({
      GatewayArn: gatewayArn,
      BandwidthRateLimitIntervals: [all],
    }),
  )
  await kit.vault('vault')
  const job = await kit.backUp(arn, 'vault')
  const tookMs = job.CompletionDate!.getTime() - job.CreationDate!.getTime()
  expect(tookMs).toBeGreaterThan(1_000)
})

test('hypervisors that are slow hold up neither each other nor what is backed up here', async () => {
  const uris = ['qemu+ssh://root@one/system', 'qemu+ssh://root@two/system']
  const rate = {
    ...{ StartHourOfDay: 0, StartMinuteOfHour: 0, EndHourOfDay: 23, EndMinuteOfHour: 59 },
    DaysOfWeek: [0, 1, 2, 3, 4, 5, 6],
    // A MiB takes minutes.
    AverageUploadRateLimitInBitsPerSec: 51_200,
  }
  await kit.vault('vault')
  const started: { id: string; hypervisor: string }[] = []
  for (const [index, uri] of uris.entries()) {
    const names = ['a', 'b', 'c'].map((name) => `${name}${index}`)
    const disks = new Map(names.map((name) => [`uuid-of-${name}`, randomBytes(1024 * KIB)]))
    const machines = names.map((name) => listed(name))
    cloud.agent.hypervisors.set(uri, { password: null, machines, disks })
    const more = { Name: `lab${index}`, Host: uri }
    const { hypervisorArn, gatewayArn } = await hypervisorMake(cloud, client, more)
    await client.send(
      new PutBandwidthRateLimitScheduleCommand({
        GatewayArn: gatewayArn,
        BandwidthRateLimitIntervals: [rate],
      }),
    )
    await stateIs(client, hypervisorArn, 'ONLINE')
    const shown = await eventually(
      () => machinesOf(client, hypervisorArn),
      (all) => all.length === names.length,
    )
    for (const { ResourceArn } of shown) {
      const { BackupJobId } = await kit.start(ResourceArn!, 'vault')
      started.push({ id: BackupJobId!, hypervisor: hypervisorArn })
    }
  }
  const statesOf = async (): Promise<string[][]> => {
    const jobs = await cloud.app.store.list('backupJob', { ids: started.map(({ id }) => id) })
    const byId = new Map(jobs.map((job) => [job.id, job.state]))
    const of = (hypervisor: string) => started.filter((one) => one.hypervisor === hypervisor)
    return [...new Set(started.map(({ hypervisor }) => hypervisor))].map((one) =>
      of(one)
        .map(({ id }) => String(byId.get(id)))
        .sort(),
    )
  }
  const two = ['CREATED', 'RUNNING', 'RUNNING']
  const isReached = (seen: string[][]) => JSON.stringify(seen) === JSON.stringify([two, two])
  await eventually(statesOf, isReached, 20_000)
  const waiting = await kit.client().send(new ListBackupJobsCommand({ ByState: 'CREATED' }))
  for (const { StatusMessage } of waiting.BackupJobs!) {
    expect(StatusMessage).toContain('It waits for other')
  }
  const { VolumeId } = await cloud.ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 1 }),
  )
  const job = await kit.backUp(volumeArn(VolumeId!), 'vault')
  expect(job.State).toBe('COMPLETED')
  expect(await statesOf()).toEqual([two, two])
  for (const { id } of started) {
    await kit.client().send(new StopBackupJobCommand({ BackupJobId: id }))
    expect((await kit.jobEnd(id)).State).toBe('ABORTED')
  }
})
