/** DescribeGlobalSettings: the organisation's. */
import { globalSettings } from '../../../app/backup/settings.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DescribeGlobalSettings'>({
  handle: async (ctx) => {
    const { settings, at } = await globalSettings(ctx)
    return { GlobalSettings: settings, LastUpdateTime: new Date(at) }
  },
})
