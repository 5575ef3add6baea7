/** Composite alarms in CloudWatch's words, both ways. */
import type { CompositeAlarm as Shown, PutCompositeAlarmInput } from '@aws-sdk/client-cloudwatch'
import { service } from '../../app/metrics/alarm-records.ts'
import type { CompositeInput } from '../../app/metrics/composite-records.ts'
import { alarmArn } from '../../domain/metrics/alarm.ts'
import type { CompositeAlarm, SuppressedBy } from '../../domain/metrics/composite.ts'

/** A day: AWS names no limit, and one that is longer is a mistake in the unit. */
const PERIOD_SECONDS_MAX = 86_400

/** @throws Faults in CloudWatch's words. */
export function compositeInputOf(input: PutCompositeAlarmInput): CompositeInput {
  return {
    name: input.AlarmName!,
    description: input.AlarmDescription ?? null,
    areActionsEnabled: input.ActionsEnabled ?? true,
    okActions: input.OKActions ?? [],
    alarmActions: input.AlarmActions ?? [],
    insufficientDataActions: input.InsufficientDataActions ?? [],
    rule: input.AlarmRule!,
    suppressor: suppressorOf(input),
  }
}

function suppressorOf({
  ActionsSuppressor: reference,
  ActionsSuppressorWaitPeriod: waitSeconds,
  ActionsSuppressorExtensionPeriod: extensionSeconds,
}: PutCompositeAlarmInput): CompositeInput['suppressor'] {
  if (reference === undefined && waitSeconds === undefined && extensionSeconds === undefined) {
    return null
  }
  if (reference === undefined || waitSeconds === undefined || extensionSeconds === undefined) {
    throw service(
      'ValidationError',
      'ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod ' +
        'must be specified together',
    )
  }
  for (const seconds of [waitSeconds, extensionSeconds]) {
    if (seconds >= 0 && seconds <= PERIOD_SECONDS_MAX) continue
    const words = `A suppressor's period must be between 0 and ${PERIOD_SECONDS_MAX} seconds`
    throw service('ValidationError', words)
  }
  return { reference, waitSeconds, extensionSeconds }
}

const REASONS: Readonly<Record<SuppressedBy, string>> = {
  Alarm: 'Actions suppressed by Alarm',
  WaitPeriod: 'Actions suppressed by WaitPeriod',
  ExtensionPeriod: 'Actions suppressed by ExtensionPeriod',
}

export function compositePresent(alarm: CompositeAlarm): Shown {
  const { configuration: c, suppression } = alarm
  return {
    AlarmName: c.name,
    AlarmArn: alarmArn(alarm, c.name),
    AlarmDescription: c.description ?? undefined,
    AlarmRule: c.rule,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
    ActionsEnabled: c.areActionsEnabled,
    OKActions: [...c.okActions],
    AlarmActions: [...c.alarmActions],
    InsufficientDataActions: [...c.insufficientDataActions],
    StateValue: alarm.state,
    StateReason: alarm.stateReason,
    StateReasonData: alarm.stateReasonData ?? undefined,
    StateUpdatedTimestamp: new Date(alarm.stateSince),
    StateTransitionedTimestamp: new Date(alarm.stateSince),
    ActionsSuppressor: c.suppressor?.reference,
    ActionsSuppressorWaitPeriod: c.suppressor?.waitSeconds,
    ActionsSuppressorExtensionPeriod: c.suppressor?.extensionSeconds,
    ActionsSuppressedBy: suppression?.by,
    ActionsSuppressedReason: suppression ? REASONS[suppression.by] : undefined,
  }
}
