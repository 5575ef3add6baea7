/** ResetImageAttribute: launch permissions back to the owner alone. */
import { imageModify, imageModifyPlan } from '../../../app/images/attributes.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const RESET = { type: 'resetLaunchPermission' } as const

export default operation<'ec2', 'ResetImageAttribute'>({
  check: async (ctx, input) => {
    await imageModifyPlan(ctx, parseId('image', input.ImageId!), RESET)
  },
  handle: async (ctx, input) => {
    await imageModify(ctx, parseId('image', input.ImageId!), RESET)
    return {}
  },
})
