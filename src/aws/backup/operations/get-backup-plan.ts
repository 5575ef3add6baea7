/** GetBackupPlan: the newest version, or one that is named. */
import { planVersionGet } from '../../../app/backup/plans.ts'
import { nextRunsOf } from '../../../app/backup/plan-times.ts'
import { planArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { presentAdvanced, presentPlan } from '../present-plan.ts'
import { dateOf } from '../present-vault.ts'

const PREVIEW_MAX = 10

export default operation<'backup', 'GetBackupPlan'>({
  handle: async (ctx, input) => {
    const { plan, version } = await planVersionGet(ctx, input.BackupPlanId!, input.VersionId)
    const count = Math.min(input.MaxScheduledRunsPreview ?? 0, PREVIEW_MAX)
    const runs = nextRunsOf(version.body, ctx.app.clock.now(), count)
    return {
      BackupPlan: presentPlan(version.body),
      BackupPlanId: plan.id,
      BackupPlanArn: planArn(plan),
      VersionId: version.versionId,
      CreatorRequestId: plan.creatorRequestId ?? undefined,
      CreationDate: new Date(plan.createdAt),
      DeletionDate: dateOf(plan.deletedAt),
      LastExecutionDate: dateOf(plan.lastRunAt),
      ...presentAdvanced(version.body.advanced),
      ...(count > 0 && {
        ScheduledRunsPreview: runs.map(({ at, ruleId }) => ({
          ExecutionTime: new Date(at),
          RuleId: ruleId,
          RuleExecutionType: 'SNAPSHOTS' as const,
        })),
      }),
    }
  },
})
