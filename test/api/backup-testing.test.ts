/** Restore tests: plans and selections, and machines that are really restored, looked at and removed again. */
import {
  CreateRestoreTestingPlanCommand,
  CreateRestoreTestingSelectionCommand,
  DeleteRestoreTestingPlanCommand,
  DeleteRestoreTestingSelectionCommand,
  GetRestoreTestingInferredMetadataCommand,
  GetRestoreTestingPlanCommand,
  GetRestoreTestingSelectionCommand,
  ListRestoreJobsCommand,
  ListRestoreTestingPlansCommand,
  ListRestoreTestingSelectionsCommand,
  ListTagsCommand,
  PutRestoreValidationResultCommand,
  UpdateRestoreTestingPlanCommand,
  UpdateRestoreTestingSelectionCommand,
  type RestoreTestingPlanForCreate,
  type RestoreTestingSelectionForCreate,
} from '@aws-sdk/client-backup'
import {
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, instanceArn, ROLE, volumeArn } from '../support/backup-kit.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { describe as describeInstance, running } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const HOUR_MS = 3_600_000
let cloud: TestCloud
let nowOffset = 0
beforeEach(async () => {
  nowOffset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
afterEach(() => cloud.close())
const { volume } = volumeKit(() => cloud)
const { client, vault, backUp } = backupKit(() => cloud)

const plan = (change: Partial<RestoreTestingPlanForCreate> = {}, Tags = {}) => {
  const RestoreTestingPlan: RestoreTestingPlanForCreate = {
    RestoreTestingPlanName: 'tests',
    ScheduleExpression: 'rate(1 hour)',
    RecoveryPointSelection: {
      Algorithm: 'LATEST_WITHIN_WINDOW',
      IncludeVaults: ['*'],
      RecoveryPointTypes: ['SNAPSHOT'],
    },
    ...change,
  }
  return client().send(new CreateRestoreTestingPlanCommand({ RestoreTestingPlan, Tags }))
}
const select = (change: Partial<RestoreTestingSelectionForCreate> = {}) => {
  const RestoreTestingSelection: RestoreTestingSelectionForCreate = {
    RestoreTestingSelectionName: 'machines',
    ProtectedResourceType: 'EC2',
    ProtectedResourceArns: ['*'],
    IamRoleArn: ROLE,
    ...change,
  }
  return client().send(
    new CreateRestoreTestingSelectionCommand({
      RestoreTestingPlanName: 'tests',
      RestoreTestingSelection,
    }),
  )
}
const tick = (ms: number): void => {
  nowOffset += ms
  cloud.app.activate('backupTests')
}
const restores = async () => (await client().send(new ListRestoreJobsCommand({}))).RestoreJobs!

test('plans and selections are made, shown, changed and deleted', async () => {
  const made = await plan({}, { team: 'ops' })
  expect(made.$metadata.httpStatusCode).toBe(201)
  const ResourceArn = made.RestoreTestingPlanArn!
  expect(ResourceArn).toMatch(/:restore-testing-plan:tests-[0-9a-f-]{36}$/)
  expect((await client().send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual({ team: 'ops' })
  expect((await select()).$metadata.httpStatusCode).toBe(201)
  const RestoreTestingPlanName = 'tests'
  const shown = await client().send(new GetRestoreTestingPlanCommand({ RestoreTestingPlanName }))
  expect(shown.RestoreTestingPlan).toMatchObject({
    ScheduleExpression: 'rate(1 hour)',
    StartWindowHours: 24,
    RecoveryPointSelection: { IncludeVaults: ['*'], SelectionWindowDays: 30 },
  })
  await client().send(
    new UpdateRestoreTestingPlanCommand({
      RestoreTestingPlanName,
      RestoreTestingPlan: { RecoveryPointSelection: { SelectionWindowDays: 7 } },
    }),
  )
  const changed = await client().send(new GetRestoreTestingPlanCommand({ RestoreTestingPlanName }))
  expect(changed.RestoreTestingPlan!.RecoveryPointSelection).toMatchObject({
    IncludeVaults: ['*'],
    SelectionWindowDays: 7,
  })
  const named = { RestoreTestingPlanName, RestoreTestingSelectionName: 'machines' }
  await client().send(
    new UpdateRestoreTestingSelectionCommand({
      ...named,
      RestoreTestingSelection: { ValidationWindowHours: 5 },
    }),
  )
  const selection = await client().send(new GetRestoreTestingSelectionCommand(named))
  expect(selection.RestoreTestingSelection).toMatchObject({
    ValidationWindowHours: 5,
    ProtectedResourceArns: ['*'],
  })
  const plans = await client().send(new ListRestoreTestingPlansCommand({}))
  expect(plans.RestoreTestingPlans).toHaveLength(1)
  const of = await client().send(
    new ListRestoreTestingSelectionsCommand({ RestoreTestingPlanName }),
  )
  expect(of.RestoreTestingSelections).toHaveLength(1)
  const remove = () =>
    client().send(new DeleteRestoreTestingPlanCommand({ RestoreTestingPlanName }))
  expect(await nameOf(remove())).toBe('InvalidRequestException')
  const gone = await client().send(new DeleteRestoreTestingSelectionCommand(named))
  expect(gone.$metadata.httpStatusCode).toBe(204)
  await remove()
  const get = client().send(new GetRestoreTestingPlanCommand({ RestoreTestingPlanName }))
  expect(await nameOf(get)).toBe('ResourceNotFoundException')
})

test('what cannot be is refused', async () => {
  const invalid = 'InvalidParameterValueException'
  expect(await nameOf(plan({ ScheduleExpression: 'now and then' }))).toBe(invalid)
  const none = { RecoveryPointTypes: ['SNAPSHOT' as const], IncludeVaults: [] }
  expect(await nameOf(plan({ RecoveryPointSelection: none }))).toBe(invalid)
  await plan()
  expect(await nameOf(plan())).toBe('AlreadyExistsException')
  expect(await nameOf(select({ ProtectedResourceType: 'DynamoDB' }))).toBe(invalid)
  expect(await nameOf(select({ ProtectedResourceArns: [] }))).toBe(invalid)
  expect(await nameOf(select({ ValidationWindowHours: 200 }))).toBe(invalid)
  await select()
  expect(await nameOf(select())).toBe('AlreadyExistsException')
})

test('an instance is restored without a network, found alive, and removed with all that it had', async () => {
  await vault('vault')
  const id = await running(cloud.ec2, { InstanceType: 't3.small' })
  const job = await backUp(instanceArn(id), 'vault')
  const inferred = await client().send(
    new GetRestoreTestingInferredMetadataCommand({
      BackupVaultName: 'vault',
      RecoveryPointArn: job.RecoveryPointArn,
    }),
  )
  expect(inferred.InferredMetadata).toMatchObject({
    InstanceType: 't3.small',
    DisableApiTermination: 'false',
    RequireIMDSv2: 'true',
  })
  const { RestoreTestingPlanArn } = await plan()
  await select({ ValidationWindowHours: 1, RestoreMetadataOverrides: { instanceType: 't3.micro' } })
  tick(HOUR_MS)
  const tested = await soon(async () => {
    const [one] = await restores()
    expect(one).toMatchObject({ Status: 'COMPLETED', ValidationStatus: 'SUCCESSFUL' })
    return one!
  })
  expect(tested.CreatedBy).toEqual({ RestoreTestingPlanArn })
  const made = tested.CreatedResourceArn!.split('/')[1]!
  const shown = await describeInstance(cloud.ec2, made)
  expect(shown.InstanceType).toBe('t3.micro')
  const groups = await cloud.ec2.send(
    new DescribeSecurityGroupsCommand({
      GroupIds: shown.SecurityGroups!.map((one) => one.GroupId!),
    }),
  )
  expect(groups.SecurityGroups).toMatchObject([{ IpPermissions: [], IpPermissionsEgress: [] }])
  const result = {
    RestoreJobId: tested.RestoreJobId,
    ValidationStatus: 'FAILED' as const,
    ValidationStatusMessage: 'a file is missing',
  }
  const put = await client().send(new PutRestoreValidationResultCommand(result))
  expect(put.$metadata.httpStatusCode).toBe(204)
  expect((await restores())[0]).toMatchObject({
    ValidationStatus: 'FAILED',
    ValidationStatusMessage: 'a file is missing',
  })
  // Its owner has an hour to look at it; the next test has begun by then.
  tick(HOUR_MS + 60_000)
  await soon(async () => {
    const first = (await restores()).find((one) => one.RestoreJobId === tested.RestoreJobId)
    expect(first).toMatchObject({ DeletionStatus: 'SUCCESSFUL' })
  })
  const gone = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds: [made] }))
  expect(gone.Reservations![0]!.Instances![0]!.State!.Name).toBe('terminated')
  const Filters = [{ Name: 'group-id', Values: [groups.SecurityGroups![0]!.GroupId!] }]
  const left = await cloud.ec2.send(new DescribeSecurityGroupsCommand({ Filters }))
  expect(left.SecurityGroups).toEqual([])
})

test('the newest point of each volume is tested, of those that a selection means', async () => {
  await vault('vault')
  const [one, two] = [await volume(), await volume()]
  await backUp(volumeArn(one), 'vault')
  const newest = await backUp(volumeArn(one), 'vault')
  await backUp(volumeArn(two), 'vault')
  const before = (await cloud.ec2.send(new DescribeVolumesCommand({}))).Volumes!.length
  await plan()
  await select({ ProtectedResourceType: 'EBS', ProtectedResourceArns: [volumeArn(one)] })
  tick(HOUR_MS)
  await soon(async () => {
    expect(await restores()).toMatchObject([
      { RecoveryPointArn: newest.RecoveryPointArn, DeletionStatus: 'SUCCESSFUL' },
    ])
  })
  const after = (await cloud.ec2.send(new DescribeVolumesCommand({}))).Volumes!.length
  expect(after).toBe(before)
})

test('a machine that does not start is told', async () => {
  await cloud.close()
  let isBroken = false
  cloud = await startTestCloud({
    clock: { ...systemClock, now: () => Date.now() + nowOffset },
    simulated: { failStart: () => (isBroken ? 'no boot device' : undefined) },
  })
  await vault('vault')
  await backUp(instanceArn(await running(cloud.ec2)), 'vault')
  await plan()
  await select()
  isBroken = true
  tick(HOUR_MS)
  await soon(async () => {
    const [one] = await restores()
    expect(one).toMatchObject({ Status: 'FAILED', DeletionStatus: 'SUCCESSFUL' })
    expect(one!.StatusMessage).toContain('no boot device')
  })
})
