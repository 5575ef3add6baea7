/** GetBackupPlanFromTemplate. */
import { resourceNotFound } from '../../../app/backup/faults.ts'
import { PLAN_TEMPLATES } from '../../../app/backup/templates.ts'
import { operation } from '../../operation.ts'
import { presentPlan } from '../present-plan.ts'

export default operation<'backup', 'GetBackupPlanFromTemplate'>({
  handle: (_ctx, input) => {
    const template = PLAN_TEMPLATES.find((one) => one.id === input.BackupPlanTemplateId)
    if (!template) throw resourceNotFound(`No template has the id ${input.BackupPlanTemplateId}`)
    return { BackupPlanDocument: presentPlan(template.body) }
  },
})
