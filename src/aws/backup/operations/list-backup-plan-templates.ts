/** ListBackupPlanTemplates. */
import { PLAN_TEMPLATES } from '../../../app/backup/templates.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'ListBackupPlanTemplates'>({
  handle: (_ctx, _input, call) => {
    const page = call.page(PLAN_TEMPLATES, { key: (template) => template.id })
    return {
      BackupPlanTemplatesList: page.items.map(({ id, body }) => ({
        BackupPlanTemplateId: id,
        BackupPlanTemplateName: body.name,
      })),
      NextToken: page.nextToken,
    }
  },
})
