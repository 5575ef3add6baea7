/** DescribeInstanceStatus through the SDK. */
import {
  DescribeInstanceStatusCommand,
  waitUntilInstanceStatusOk,
  waitUntilSystemStatusOk,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { running, stopped, WAIT } from '../support/launch.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const statuses = async (input: object) =>
  (await cloud.ec2.send(new DescribeInstanceStatusCommand(input))).InstanceStatuses!
const only = async (id: string) => (await statuses({ InstanceIds: [id] }))[0]

test('a guest that answers is ok, by AWS’s own waiters', async () => {
  const id = await running(cloud.ec2)
  const input = { InstanceIds: [id] }
  await waitUntilInstanceStatusOk({ client: cloud.ec2, ...WAIT }, input)
  await waitUntilSystemStatusOk({ client: cloud.ec2, ...WAIT }, input)
  expect(await only(id)).toMatchObject({
    AvailabilityZone: 'us-east-1a',
    AvailabilityZoneId: 'use1-az1',
    InstanceState: { Code: 16, Name: 'running' },
    InstanceStatus: { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] },
    SystemStatus: { Status: 'ok' },
    AttachedEbsStatus: { Status: 'ok' },
  })
})

test('a guest that has not answered yet is initializing; one that stopped answering is impaired', async () => {
  cloud.agent.holdReachability(true)
  const id = await running(cloud.ec2)
  cloud.agent.holdReachability(false)
  expect((await only(id))?.InstanceStatus).toMatchObject({
    Status: 'initializing',
    Details: [{ Status: 'initializing' }],
  })
  cloud.agent.guestAnswers(id, true)
  await eventually(
    () => only(id),
    (one) => one?.InstanceStatus?.Status === 'ok',
  )
  const before = Date.now()
  cloud.agent.guestAnswers(id, false)
  const impaired = await eventually(
    () => only(id),
    (one) => one?.InstanceStatus?.Status === 'impaired',
  )
  const [detail] = impaired!.InstanceStatus!.Details!
  expect(detail).toMatchObject({ Name: 'reachability', Status: 'failed' })
  expect(detail!.ImpairedSince!.getTime()).toBeGreaterThanOrEqual(before - 1_000)
  expect(impaired!.SystemStatus!.Status).toBe('ok')
  const filter = (Name: string, Value: string) =>
    statuses({ Filters: [{ Name, Values: [Value] }] }).then((all) => all.map((o) => o.InstanceId))
  expect(await filter('instance-status.status', 'impaired')).toEqual([id])
  expect(await filter('instance-status.reachability', 'failed')).toEqual([id])
  expect(await filter('system-status.status', 'impaired')).toEqual([])
  expect(await filter('event.code', 'instance-stop')).toEqual([])
})

test('a machine that its host paused fails the system check', async () => {
  const id = await running(cloud.ec2)
  cloud.agent.diskFails(id)
  const one = await eventually(
    () => only(id),
    (status) => status?.SystemStatus?.Status === 'impaired',
  )
  expect(one).toMatchObject({
    InstanceState: { Name: 'running' },
    SystemStatus: { Details: [{ Status: 'failed', ImpairedSince: expect.any(Date) }] },
    AttachedEbsStatus: { Status: 'insufficient-data' },
  })
})

test('stopped instances only on request', async () => {
  const id = await stopped(cloud.ec2)
  expect(await only(id)).toBeUndefined()
  const [one] = await statuses({ InstanceIds: [id], IncludeAllInstances: true })
  expect(one).toMatchObject({
    InstanceState: { Name: 'stopped' },
    InstanceStatus: { Status: 'not-applicable' },
    SystemStatus: { Status: 'not-applicable' },
  })
})

test('pages, and what cannot be asked', async () => {
  for (let more = 0; more < 6; more++) await running(cloud.ec2)
  const all = await statuses({})
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const page: { InstanceStatuses?: { InstanceId?: string }[]; NextToken?: string } =
      await cloud.ec2.send(new DescribeInstanceStatusCommand({ MaxResults: 5, NextToken }))
    seen.push(...page.InstanceStatuses!.map((one) => one.InstanceId!))
    NextToken = page.NextToken
  } while (NextToken)
  expect(seen).toEqual(all.map((one) => one.InstanceId))
  expect(await codeOf(statuses({ InstanceIds: ['i-0123456789abcdef0'] }))).toBe(
    'InvalidInstanceID.NotFound',
  )
  expect(await codeOf(statuses({ InstanceIds: ['nonsense'] }))).toBe('InvalidInstanceID.Malformed')
})
