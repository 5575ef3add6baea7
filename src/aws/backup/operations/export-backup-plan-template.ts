/** ExportBackupPlanTemplate: a plan as JSON. */
import { planGet } from '../../../app/backup/plans.ts'
import { operation } from '../../operation.ts'
import { presentPlan } from '../present-plan.ts'

export default operation<'backup', 'ExportBackupPlanTemplate'>({
  handle: async (ctx, input) => {
    const plan = await planGet(ctx, input.BackupPlanId!)
    return { BackupPlanTemplateJson: JSON.stringify(presentPlan(plan.body)) }
  },
})
