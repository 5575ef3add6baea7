/** DisableAllowedImagesSettings; the criteria stay for another time. */
import { allowedImagesSet } from '../../../app/images/allowed.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DisableAllowedImagesSettings'>({
  handle: async (ctx) => {
    await allowedImagesSet(ctx, { state: 'disabled' })
    return { AllowedImagesSettingsState: 'disabled' }
  },
})
