/** EnableAllowedImagesSettings, for the account in the region: enforced, or only said of each image. */
import { allowedImagesSet } from '../../../app/images/allowed.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'EnableAllowedImagesSettings'>({
  handle: async (ctx, input) => {
    const state = input.AllowedImagesSettingsState!
    await allowedImagesSet(ctx, { state })
    return { AllowedImagesSettingsState: state }
  },
})
