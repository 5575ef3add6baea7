/** GetBackupPlanFromJSON: what ExportBackupPlanTemplate wrote, checked as a new plan would be. */
import type { BackupPlanInput } from '@aws-sdk/client-backup'
import { invalidParameter, invalidRequest } from '../../../app/backup/faults.ts'
import { bodyCheck } from '../../../app/backup/plans.ts'
import { operation } from '../../operation.ts'
import { planBodyOf, presentPlan } from '../present-plan.ts'

export default operation<'backup', 'GetBackupPlanFromJSON'>({
  handle: (_ctx, input) => {
    let plan: BackupPlanInput
    try {
      plan = JSON.parse(input.BackupPlanTemplateJson!) as BackupPlanInput
    } catch {
      throw invalidRequest('The template is no JSON')
    }
    const isWhole =
      typeof plan?.BackupPlanName === 'string' &&
      Array.isArray(plan.Rules) &&
      plan.Rules.every((rule) => rule?.RuleName && rule.TargetBackupVaultName)
    if (!isWhole) {
      throw invalidParameter(
        'The template needs BackupPlanName, and Rules with RuleName and TargetBackupVaultName',
      )
    }
    const body = planBodyOf(plan)
    bodyCheck(body)
    return { BackupPlan: presentPlan(body) }
  },
})
