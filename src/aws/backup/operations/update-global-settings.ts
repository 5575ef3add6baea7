/** UpdateGlobalSettings: by the organisation's management account. */
import { globalSettingsChange } from '../../../app/backup/settings.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'UpdateGlobalSettings'>({
  handle: async (ctx, input) => {
    await globalSettingsChange(ctx, input.GlobalSettings ?? {})
    return {}
  },
})
