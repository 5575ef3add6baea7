/** UpdateRegionSettings. */
import { regionSettingsChange } from '../../../app/backup/settings.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'UpdateRegionSettings'>({
  handle: async (ctx, input) => {
    await regionSettingsChange(ctx, {
      optIn: input.ResourceTypeOptInPreference ?? {},
      management: input.ResourceTypeManagementPreference ?? {},
    })
    return {}
  },
})
