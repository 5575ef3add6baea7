/** DescribeRegionSettings. */
import { regionSettings } from '../../../app/backup/settings.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DescribeRegionSettings'>({
  handle: async (ctx) => {
    const { optIn, management } = await regionSettings(ctx)
    return { ResourceTypeOptInPreference: optIn, ResourceTypeManagementPreference: management }
  },
})
