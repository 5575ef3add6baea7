/** Scheduled actions, both ways. */
import type {
  ScheduledUpdateGroupAction,
  ScheduledUpdateGroupActionRequest,
} from '@aws-sdk/client-auto-scaling'
import type { ScheduleRequest } from '../../app/autoscaling/schedules.ts'
import { scheduleArn } from '../../domain/autoscaling/arn.ts'
import type { ScalingSchedule } from '../../domain/autoscaling/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { faultError } from '../faults.ts'

/** `Time` is the older word for the start. */
export function scheduleOf(
  input: ScheduledUpdateGroupActionRequest & { Time?: Date | undefined },
): ScheduleRequest {
  const { MinSize: min, MaxSize: max, DesiredCapacity: desired } = input
  return {
    name: input.ScheduledActionName!,
    startAt: (input.StartTime ?? input.Time)?.getTime() ?? null,
    endAt: input.EndTime?.getTime() ?? null,
    recurrence: input.Recurrence || null,
    timeZone: input.TimeZone ?? null,
    sizes: {
      ...(isSaid(min) && { min }),
      ...(isSaid(max) && { max }),
      ...(isSaid(desired) && { desired }),
    },
  }
}

/** Terraform says -1 for what it does not want changed. */
const isSaid = (value: number | undefined): value is number => value !== undefined && value !== -1

export function schedulePresent(one: ScalingSchedule): ScheduledUpdateGroupAction {
  const { min, max, desired } = one.sizes
  const start = one.startAt ?? one.nextAt
  return {
    AutoScalingGroupName: one.groupName,
    ScheduledActionName: one.name,
    ScheduledActionARN: scheduleArn(one),
    ...(start !== null && { Time: new Date(start), StartTime: new Date(one.nextAt ?? start) }),
    ...(one.endAt !== null && { EndTime: new Date(one.endAt) }),
    ...(one.recurrence !== null && { Recurrence: one.recurrence }),
    ...(min !== undefined && { MinSize: min }),
    ...(max !== undefined && { MaxSize: max }),
    ...(desired !== undefined && { DesiredCapacity: desired }),
    ...(one.timeZone !== null && { TimeZone: one.timeZone }),
  }
}

/** What went wrong with one of a batch. @throws what is no fault of the user's. */
export function failureOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof FaultError)) throw error
  const { code, message } = faultError('autoscaling', 'query', error.fault)
  return { code: code.replace(/Fault$/, ''), message }
}
