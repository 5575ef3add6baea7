/** Preferences of an instance refresh in our terms, and refreshes in AWS's words. */
import type {
  InstanceRefresh as RefreshOutput,
  RefreshPreferences as PreferencesInput,
} from '@aws-sdk/client-auto-scaling'
import { invalid } from '../../app/autoscaling/faults.ts'
import type {
  InstanceRefresh,
  RefreshPreferences,
  ScalingGroup,
} from '../../domain/autoscaling/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { sourcePresent } from './present.ts'

const CHECKPOINT_DELAY_DEFAULT = 3_600

/** What is not said: as the group's maintenance policy and warm-up say, else AWS's defaults. */
export function preferencesOf(
  input: PreferencesInput | undefined,
  { configuration }: ScalingGroup,
): RefreshPreferences {
  if (input?.AlarmSpecification?.Alarms?.length) {
    throw new FaultError({ type: 'Unsupported', feature: 'alarms that stop an instance refresh' })
  }
  const { maintenance, warmupSeconds, graceSeconds } = configuration
  const min = input?.MinHealthyPercentage ?? maintenance?.minHealthyPercentage ?? 90
  const max = input?.MaxHealthyPercentage ?? maintenance?.maxHealthyPercentage ?? 100
  if (max - min > 100) {
    throw invalid(
      'The difference between MaxHealthyPercentage and MinHealthyPercentage is at most 100',
    )
  }
  const percentages = input?.CheckpointPercentages ?? []
  const isRising = percentages.every((each, n) => n === 0 || each > percentages[n - 1]!)
  if (!isRising || percentages.some((each) => each < 1 || each > 100)) {
    throw invalid('CheckpointPercentages must be ascending numbers from 1 to 100')
  }
  return {
    minHealthyPercentage: min,
    maxHealthyPercentage: max,
    warmupSeconds: input?.InstanceWarmup ?? warmupSeconds ?? graceSeconds,
    checkpointPercentages: percentages,
    checkpointDelaySeconds: input?.CheckpointDelay ?? CHECKPOINT_DELAY_DEFAULT,
    isMatchingSkipped: input?.SkipMatching ?? false,
    hasAutoRollback: input?.AutoRollback ?? false,
    protectedInstances: input?.ScaleInProtectedInstances ?? 'Wait',
    standbyInstances: input?.StandbyInstances ?? 'Wait',
    bakeSeconds: input?.BakeTime ?? 0,
  }
}

export function refreshPresent(refresh: InstanceRefresh): RefreshOutput {
  const { preferences: p, rollback } = refresh
  const left = Math.ceil((refresh.targets.length * (100 - refresh.percentage)) / 100)
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: refresh.groupName,
    Status: refresh.status,
    ...(refresh.reason !== null && { StatusReason: refresh.reason }),
    StartTime: new Date(refresh.createdAt),
    ...(refresh.endedAt !== null && { EndTime: new Date(refresh.endedAt) }),
    PercentageComplete: refresh.percentage,
    InstancesToUpdate: left,
    ProgressDetails: {
      LivePoolProgress: { PercentageComplete: refresh.percentage, InstancesToUpdate: left },
    },
    Preferences: {
      MinHealthyPercentage: p.minHealthyPercentage,
      MaxHealthyPercentage: p.maxHealthyPercentage,
      InstanceWarmup: p.warmupSeconds,
      ...(p.checkpointPercentages.length > 0 && {
        CheckpointPercentages: [...p.checkpointPercentages],
        CheckpointDelay: p.checkpointDelaySeconds,
      }),
      SkipMatching: p.isMatchingSkipped,
      AutoRollback: p.hasAutoRollback,
      ScaleInProtectedInstances: p.protectedInstances,
      StandbyInstances: p.standbyInstances,
      BakeTime: p.bakeSeconds,
    },
    ...(refresh.desired && { DesiredConfiguration: desiredPresent(refresh.desired) }),
    ...(rollback && {
      RollbackDetails: {
        RollbackReason: rollback.reason,
        RollbackStartTime: new Date(rollback.startedAt),
        PercentageCompleteOnRollback: refresh.percentage,
        InstancesToUpdateOnRollback: left,
      },
    }),
    Strategy: 'Rolling',
  }
}

function desiredPresent(desired: NonNullable<InstanceRefresh['desired']>) {
  const { LaunchTemplate, MixedInstancesPolicy } = sourcePresent(desired)
  return {
    ...(LaunchTemplate && { LaunchTemplate }),
    ...(MixedInstancesPolicy && { MixedInstancesPolicy }),
  }
}
