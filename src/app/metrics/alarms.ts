/**
 * Alarms: stored records, evaluated every minute after the metrics were written. A change of state and its history are
 * one write, made before the action: a crash in between loses the action, never does it twice. The actions that are
 * carried out are EC2's; any other is recorded as failed, with the reason, in the alarm's history.
 */
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import {
  alarmActionOf,
  alarmVerdict,
  historyAdd,
  type Alarm,
  type AlarmConfiguration,
  type AlarmState,
} from '../../domain/metrics/alarm.ts'
import { extendedParse, isSignificant } from '../../domain/metrics/extended.ts'
import { statisticValue } from '../../domain/metrics/metric.ts'
import { alarmActionRun } from '../autoscaling/policy-run.ts'
import type { App, Ctx } from '../context.ts'
import {
  instancesGet,
  instancesReboot,
  instancesStart,
  instancesStop,
  instancesTerminate,
} from '../instances/lifecycle.ts'
import { resourceChange } from '../../store/sql-store.ts'

/** Values that come late still count: so many periods more are looked at. */
const PERIODS_MORE = 2

export async function alarmsEvaluate(app: App, now: number): Promise<void> {
  for (const alarm of await app.store.list('alarm', {})) {
    const window = windowOf(app, alarm, now)
    const verdict = window && alarmVerdict(alarm.configuration, window)
    if (verdict === null || verdict.state === alarm.state) {
      await scalingAgain(app, alarm, now)
      continue
    }
    await alarmStateSet(app, alarm.id, { ...verdict, data: null, from: alarm.state })
  }
}

/** While an alarm stays as it is, its scaling policies are asked again: AWS does so once a minute. */
async function scalingAgain(app: App, alarm: Alarm, now: number): Promise<void> {
  const { configuration, state } = alarm
  if (state !== 'ALARM' || !configuration.areActionsEnabled) return
  for (const arn of configuration.alarmActions) {
    if (alarmActionOf(arn).type !== 'scaling') continue
    // What does not work is in the history already, from the change of state.
    await alarmActionRun(app, alarm, arn, lastValue(app, alarm, now)).catch((err: unknown) =>
      app.log.warn({ err, alarm: alarm.id }, 'a scaling policy was not carried out'),
    )
  }
}

function lastValue(app: App, alarm: Alarm, now: number): number | null {
  return windowOf(app, alarm, now)?.findLast((value) => value !== null) ?? null
}

/** The last periods that are over, oldest first; null: too few values to change a state for. */
export function windowOf(app: App, alarm: Alarm, now: number): (number | null)[] | null {
  const { account, region, configuration } = alarm
  const { namespace, metricName, dimensions, periodSeconds, evaluationPeriods } = configuration
  const period = periodSeconds * 1000
  const to = Math.floor(now / period) * period
  const count = evaluationPeriods + PERIODS_MORE
  const from = to - count * period
  const buckets = app.metrics.read(
    { account, region, namespace, name: metricName, dimensions },
    {
      from,
      to,
      period: periodSeconds,
      hasSpread: configuration.statistic === null,
      ...(configuration.unit !== null && { unit: configuration.unit }),
    },
  )
  const word = configuration.statistic ?? configuration.extendedStatistic!
  const extended = configuration.areFewValuesIgnored ? extendedParse(word) : null
  const evaluated = buckets.slice(-evaluationPeriods)
  if (extended && evaluated.some(({ count: n }) => !isSignificant(extended, n))) return null
  const values = new Map(buckets.map((bucket) => [bucket.start, statisticValue(bucket, word)]))
  const all = Array.from({ length: count }, (_, i) => values.get(from + i * period) ?? null)
  const known = all.filter((value) => value !== null)
  return known.length >= evaluationPeriods ? known : all
}

/** Sets the state and carries out the actions that it means. Nothing when it has that state, or is gone. */
export async function alarmStateSet(
  app: App,
  id: string,
  to: { state: AlarmState; reason: string; data: string | null; from?: AlarmState },
): Promise<void> {
  const at = app.clock.now()
  let before: AlarmState | null = null
  const changed = await app.store.transact((tx) =>
    resourceChange(tx, 'alarm', id, (alarm) => {
      before = alarm.state
      if (alarm.state === to.state || (to.from && alarm.state !== to.from)) return undefined
      const next: Alarm = {
        ...alarm,
        state: to.state,
        stateReason: to.reason.slice(0, 1023),
        stateReasonData: to.data,
        stateSince: at,
      }
      return historyAdd(next, {
        at,
        type: 'StateUpdate',
        summary: `Alarm updated from ${alarm.state} to ${to.state}`,
        data: JSON.stringify({
          version: '1.0',
          oldState: { stateValue: alarm.state, stateReason: alarm.stateReason },
          newState: { stateValue: to.state, stateReason: to.reason },
        }),
      })
    }),
  )
  if (!changed || before === to.state || changed.state !== to.state) return
  app.log.info({ alarm: id, from: before, to: to.state, reason: to.reason }, 'alarm changed state')
  if (!changed.configuration.areActionsEnabled) return
  for (const arn of actionsOf(changed.configuration, to.state)) await act(app, changed, arn)
}

function actionsOf(configuration: AlarmConfiguration, state: AlarmState): readonly string[] {
  if (state === 'ALARM') return configuration.alarmActions
  return state === 'OK' ? configuration.okActions : configuration.insufficientDataActions
}

async function act(app: App, alarm: Alarm, arn: string): Promise<void> {
  let failure: string | null = null
  try {
    await perform(app, alarm, arn)
  } catch (error) {
    if (!(error instanceof FaultError)) app.log.error({ err: error, alarm: alarm.id }, 'action')
    failure = error instanceof Error ? error.message : String(error)
  }
  const at = app.clock.now()
  const summary =
    failure === null
      ? `Successfully executed action ${arn}`
      : `Failed to execute action ${arn}. Received error: "${failure}"`
  const data = JSON.stringify({
    actionState: failure === null ? 'Succeeded' : 'Failed',
    notificationResource: arn,
    ...(failure !== null && { error: failure }),
  })
  await app.store.transact((tx) =>
    resourceChange(tx, 'alarm', alarm.id, (current) =>
      historyAdd(current, { at, type: 'Action', summary: summary.slice(0, 255), data }),
    ),
  )
}

async function perform(app: App, alarm: Alarm, arn: string): Promise<void> {
  const action = alarmActionOf(arn)
  if (action.type === 'scaling') {
    return alarmActionRun(app, alarm, arn, lastValue(app, alarm, app.clock.now()))
  }
  if (action.type === 'other') {
    throw new Error('only actions of EC2 and Auto Scaling are carried out here')
  }
  const name = alarm.configuration.dimensions['InstanceId']
  if (name === undefined) throw new Error('the alarm has no dimension InstanceId')
  const ids = [parseId('instance', name)]
  const ctx = ctxOf(app, alarm)
  switch (action.operation) {
    case 'stop':
      return void (await instancesStop(ctx, ids, { isForced: false }))
    case 'terminate':
      return void (await instancesTerminate(ctx, ids))
    case 'reboot':
      return instancesReboot(ctx, ids)
    case 'recover': {
      const [instance] = await instancesGet(ctx, ids)
      // A guest that hangs is reset when it does not answer; one whose process died is started again.
      if (instanceStateOf(instance!) === 'running') return instancesReboot(ctx, ids)
      return void (await instancesStart(ctx, ids))
    }
  }
}

/** CloudWatch acts for the account by a role of its own. */
function ctxOf(app: App, { account, region, id }: Alarm): Ctx {
  const arn = `arn:aws:iam::${account}:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents`
  return {
    app,
    account,
    region,
    principal: { type: 'role', arn, id: 'AWSServiceRoleForCloudWatchEvents', accessKeyId: '' },
    requestId: id,
    requestHash: id,
  }
}
