/** CancelImageLaunchPermission: the caller's account no longer uses an image that was shared with it. */
import { imageUnshareOwn, imageUnshareOwnPlan } from '../../../app/images/attributes.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'CancelImageLaunchPermission'>({
  check: async (ctx, input) => {
    await imageUnshareOwnPlan(ctx, parseId('image', input.ImageId!))
  },
  handle: async (ctx, input) => {
    await imageUnshareOwn(ctx, parseId('image', input.ImageId!))
    return { Return: true }
  },
})
