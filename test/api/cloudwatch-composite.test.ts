/** Composite alarms through the real SDK: what drives their states, suppression, relatives, and what is refused. */
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type DescribeAlarmsCommandInput,
  type PutCompositeAlarmCommandInput,
  type StateValue,
} from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { startTestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { allow, userMake } from '../support/iam.ts'
import { startMetricsCloud, type MetricsCloud } from '../support/metrics.ts'

type World = Pick<MetricsCloud, 'cloudwatch'>

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:ops'
const arnOf = (name: string): string => `arn:aws:cloudwatch:us-east-1:111122223333:alarm:${name}`

/** Alarms on a metric that nobody measures: a test sets their states, and no evaluation changes them. */
async function metricAlarms({ cloudwatch }: World, ...names: string[]): Promise<void> {
  for (const AlarmName of names) {
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        ...{ AlarmName, Namespace: 'Shop', MetricName: 'Time', Statistic: 'Average', Period: 60 },
        ...{ EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: 'GreaterThanThreshold' },
        TreatMissingData: 'ignore',
      }),
    )
  }
}

function put(
  { cloudwatch }: World,
  AlarmName: string,
  AlarmRule: string,
  input: Partial<PutCompositeAlarmCommandInput> = {},
) {
  return cloudwatch.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule, ...input }))
}

function set({ cloudwatch }: World, AlarmName: string, StateValue: StateValue) {
  const StateReason = 'a test'
  return cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }))
}

async function composite({ cloudwatch }: World, name: string) {
  const { CompositeAlarms } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: ['CompositeAlarm'] }),
  )
  return CompositeAlarms![0]!
}

async function history({ cloudwatch }: World, AlarmName: string): Promise<string[]> {
  const { AlarmHistoryItems: items } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({
      ...{ AlarmName, AlarmTypes: ['CompositeAlarm'], ScanBy: 'TimestampAscending' },
    }),
  )
  expect(items!.every(({ AlarmType }) => AlarmType === 'CompositeAlarm')).toBe(true)
  return items!.map(({ HistorySummary }) => HistorySummary!)
}

async function messageOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
  throw new Error('the call succeeded, an error was expected')
}

test('its state follows its children, through another composite alarm, and says which', async () => {
  await using world = await startMetricsCloud()
  await metricAlarms(world, 'a', 'b', 'deploying')
  await put(world, 'both', 'ALARM(a) AND ALARM("b")', { AlarmDescription: 'both' })
  await put(world, 'site', `ALARM(${arnOf('both')}) AND NOT ALARM(deploying)`, {
    AlarmActions: [TOPIC],
  })
  expect(await composite(world, 'both')).toMatchObject({
    ...{ StateValue: 'OK', AlarmRule: 'ALARM(a) AND ALARM("b")', AlarmDescription: 'both' },
    StateReason: `${arnOf('both')} was created and its alarm rule evaluates to OK`,
    ...{ AlarmArn: arnOf('both'), ActionsEnabled: true },
  })
  await set(world, 'a', 'ALARM')
  expect(await composite(world, 'both')).toMatchObject({ StateValue: 'OK' })
  await set(world, 'b', 'ALARM')
  const both = await composite(world, 'both')
  expect(both).toMatchObject({ StateValue: 'ALARM' })
  expect(both.StateReason).toMatch(
    /alarm:b transitioned to ALARM at [A-Z][a-z]+day \d\d [A-Z][a-z]+, \d{4} [\d:]{8} UTC$/,
  )
  expect(JSON.parse(both.StateReasonData!).triggeringAlarms).toMatchObject([
    { arn: arnOf('b'), state: { value: 'ALARM' } },
  ])
  const site = await composite(world, 'site')
  expect(site).toMatchObject({ StateValue: 'ALARM' })
  expect(site.StateReason).toContain(`${arnOf('both')} transitioned to ALARM`)
  // There is no SNS here: the action is due, and the history says that it failed.
  expect(await history(world, 'site')).toEqual([
    'Alarm "site" created',
    'Alarm updated from INSUFFICIENT_DATA to OK',
    'Alarm updated from OK to ALARM',
    expect.stringContaining(`Failed to execute action ${TOPIC}`),
  ])
  await set(world, 'deploying', 'ALARM')
  expect(await composite(world, 'site')).toMatchObject({ StateValue: 'OK' })
  // A new rule is worked out at once.
  await put(world, 'site', 'AT_LEAST(60%, ALARM, (a, b, deploying))')
  expect(await composite(world, 'site')).toMatchObject({
    StateValue: 'ALARM',
    StateReason: `${arnOf('site')} was updated and its alarm rule evaluates to ALARM`,
    AlarmActions: [],
  })
})

test('measurements drive it; a state that a user sets stays until a child changes', async () => {
  await using world = await startMetricsCloud()
  const { cloudwatch, now, minutes } = world
  await metricAlarms(world, 'slow')
  await put(world, 'all', 'ALARM(slow)')
  const measure = async (Value: number): Promise<void> => {
    const data = { MetricName: 'Time', Timestamp: new Date(now()), Value }
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Shop', MetricData: [data] }))
    await minutes(1)
  }
  await measure(9)
  expect(await composite(world, 'all')).toMatchObject({ StateValue: 'ALARM' })
  await set(world, 'all', 'INSUFFICIENT_DATA')
  await measure(9)
  expect(await composite(world, 'all')).toMatchObject({
    ...{ StateValue: 'INSUFFICIENT_DATA', StateReason: 'a test' },
  })
  await measure(1)
  expect(await composite(world, 'all')).toMatchObject({ StateValue: 'OK' })
})

test('what changed while nobody looked is made up for at the next minute', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  await metricAlarms(world, 'a')
  await put(world, 'all', 'ALARM(a)')
  // As after a crash between the write of the child and what follows from it.
  await cloud.app.store.transact(async (tx) => {
    const alarm = (await tx.list('alarm', {}))[0]!
    await tx.update('alarm', { ...alarm, state: 'ALARM', stateSince: world.now() + 1 })
  })
  expect(await composite(world, 'all')).toMatchObject({ StateValue: 'OK' })
  await minutes(1)
  expect(await composite(world, 'all')).toMatchObject({ StateValue: 'ALARM' })
})

test('a suppressor keeps its actions back: the wait before, the extension after', async () => {
  await using world = await startMetricsCloud()
  const { minutes } = world
  await metricAlarms(world, 'a', 'maintenance')
  await put(world, 'all', 'ALARM(a)', {
    ...{ AlarmActions: [TOPIC], OKActions: [TOPIC], ActionsSuppressor: arnOf('maintenance') },
    ...{ ActionsSuppressorWaitPeriod: 60, ActionsSuppressorExtensionPeriod: 61 },
  })
  const by = async () => (await composite(world, 'all')).ActionsSuppressedBy
  const acted = async () =>
    (await history(world, 'all')).filter((one) => one.includes(TOPIC)).length
  // The first state waits as well as any other.
  expect([await by(), await acted()]).toEqual(['WaitPeriod', 0])
  await minutes(1)
  expect([await by(), await acted()]).toEqual([undefined, 1])
  await set(world, 'a', 'ALARM')
  expect(await composite(world, 'all')).toMatchObject({
    ...{ StateValue: 'ALARM', ActionsSuppressedBy: 'WaitPeriod' },
    ActionsSuppressedReason: 'Actions suppressed by WaitPeriod',
    ...{ ActionsSuppressor: arnOf('maintenance'), ActionsSuppressorWaitPeriod: 60 },
    ActionsSuppressorExtensionPeriod: 61,
  })
  await set(world, 'maintenance', 'ALARM')
  await minutes(2)
  expect([await by(), await acted()]).toEqual(['Alarm', 1])
  await set(world, 'maintenance', 'OK')
  await minutes(1)
  expect([await by(), await acted()]).toEqual(['ExtensionPeriod', 1])
  await minutes(1)
  expect([await by(), await acted()]).toEqual([undefined, 2])
  // There and back while the actions wait: nobody has to hear of it.
  await set(world, 'a', 'OK')
  await set(world, 'a', 'ALARM')
  await minutes(1)
  expect([await by(), await acted()]).toEqual([undefined, 2])
  expect(await history(world, 'all')).toContain('Actions suppressed by Alarm')
})

test('switched off, tagged, listed by type, with its children and its parents', async () => {
  await using world = await startMetricsCloud()
  const { cloudwatch } = world
  await metricAlarms(world, 'a', 'b')
  await put(world, 'inner', 'ALARM(a)')
  await put(world, 'outer', 'ALARM(inner) OR ALARM(b)', {
    ...{ AlarmActions: [TOPIC], Tags: [{ Key: 'team', Value: 'x' }] },
  })
  await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames: ['outer', 'nobody'] }))
  await set(world, 'b', 'ALARM')
  expect(await composite(world, 'outer')).toMatchObject({
    ...{ StateValue: 'ALARM', ActionsEnabled: false },
  })
  await cloudwatch.send(new EnableAlarmActionsCommand({ AlarmNames: ['outer'] }))
  expect((await history(world, 'outer')).some((one) => one.includes(TOPIC))).toBe(false)
  const list = async (input: DescribeAlarmsCommandInput) => {
    const answer = await cloudwatch.send(new DescribeAlarmsCommand(input))
    const namesOf = (all: { AlarmName?: string }[] = []) => all.map((one) => one.AlarmName)
    return [namesOf(answer.MetricAlarms), namesOf(answer.CompositeAlarms)]
  }
  const AlarmTypes = ['CompositeAlarm' as const, 'MetricAlarm' as const]
  expect(await list({})).toEqual([['a', 'b'], []])
  expect(await list({ AlarmTypes: ['CompositeAlarm'] })).toEqual([[], ['inner', 'outer']])
  expect(await list({ AlarmTypes, StateValue: 'ALARM' })).toEqual([['b'], ['outer']])
  expect(await list({ AlarmTypes, MaxRecords: 3 })).toEqual([['a', 'b'], ['inner']])
  expect(await list({ ChildrenOfAlarmName: 'outer' })).toEqual([['b'], ['inner']])
  expect(await list({ ParentsOfAlarmName: 'a' })).toEqual([[], ['inner']])
  expect(await list({ ParentsOfAlarmName: 'outer' })).toEqual([[], []])
  expect(await messageOf(list({ ParentsOfAlarmName: 'a', AlarmTypes }))).toContain('together')
  expect(await nameOf(list({ ChildrenOfAlarmName: 'nobody' }))).toMatch(/ResourceNotFound/)
  const ResourceARN = arnOf('outer')
  await cloudwatch.send(
    new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'stage', Value: 'dev' }] }),
  )
  await cloudwatch.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }))
  const { Tags } = await cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN }))
  expect(Tags).toEqual([{ Key: 'stage', Value: 'dev' }])
})

test('what is refused, in the words of AWS', async () => {
  await using world = await startMetricsCloud()
  const { cloudwatch } = world
  await metricAlarms(world, 'a', 'b')
  const refused = (rule: string, input: Partial<PutCompositeAlarmCommandInput> = {}) =>
    messageOf(put(world, 'x', rule, input))
  expect(await refused('ALARM(a) OR ALARM(nope) OR OK(no)')).toBe(
    'ValidationException: Could not save the composite alarm as alarms [nope, no] in the alarm rule do not exist',
  )
  expect(await refused('ALARM(arn:aws:cloudwatch:us-east-1:444455556666:alarm:a)')).toContain(
    'do not exist',
  )
  expect(await refused('ALARM(a) AND')).toMatch(/^ValidationException: AlarmRule is not valid: /)
  expect(await refused(' ALARM(a)')).toContain('leading or trailing whitespace')
  expect(await refused('x'.repeat(10_241))).toMatch(/^InvalidParameterValue/)
  expect(await refused('ALARM(a)', { ActionsSuppressor: 'b' })).toContain('together')
  const periods = { ActionsSuppressorWaitPeriod: 1, ActionsSuppressorExtensionPeriod: 1 }
  expect(await refused('ALARM(a)', { ...periods, ActionsSuppressor: 'gone' })).toContain(
    'suppressor alarm [gone] does not exist',
  )
  const negative = { ...periods, ActionsSuppressor: 'b', ActionsSuppressorWaitPeriod: -1 }
  expect(await refused('ALARM(a)', negative)).toContain('between 0 and')
  const stop = 'arn:aws:automate:us-east-1:ec2:stop'
  expect(await refused('ALARM(a)', { AlarmActions: [stop] })).toContain('Invalid action ARN')
  await put(world, 'x', 'ALARM(a)')
  await put(world, 'y', 'ALARM(x)', { ...periods, ActionsSuppressor: 'b' })
  await put(world, 'z', 'FALSE')
  expect(await refused('ALARM(x) OR ALARM(a)')).toContain('refers to the alarm itself')
  expect(await refused('ALARM(y)')).toContain('makes a cycle')
  expect(await messageOf(put(world, 'a', 'TRUE'))).toContain('already exists as a MetricAlarm')
  expect(await messageOf(metricAlarms(world, 'x'))).toContain('already exists as a CompositeAlarm')
  const remove = (...AlarmNames: string[]) =>
    messageOf(cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames })))
  expect(await remove('a')).toBe(
    'ValidationException: Cannot delete a as there are composite alarm(s) depending on it.',
  )
  expect(await remove('a', 'b')).toContain('Cannot delete a,b as')
  expect(await remove('y', 'z')).toContain('at most one composite alarm')
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['y', 'b'] }))
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['x'] }))
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['a', 'z'] }))
})

test('who may put one alarm may not put another', async () => {
  const cloud = await startTestCloud({ mode: 'strict' })
  try {
    const credentials = await userMake(
      cloud.iamOf(),
      'watcher',
      allow('cloudwatch:PutCompositeAlarm', arnOf('mine')),
    )
    const cloudwatch = new CloudWatchClient({
      ...{ endpoint: cloud.url, region: 'us-east-1', credentials },
    })
    await put({ cloudwatch }, 'mine', 'TRUE')
    expect(await nameOf(put({ cloudwatch }, 'theirs', 'TRUE'))).toMatch(/AccessDenied/)
    cloudwatch.destroy()
  } finally {
    await cloud.close()
  }
})
