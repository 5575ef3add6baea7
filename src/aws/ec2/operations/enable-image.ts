/** EnableImage: a disabled image can be launched again. */
import { imageModify, imageModifyPlan } from '../../../app/images/attributes.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const CHANGE = { type: 'enable' } as const

export default operation<'ec2', 'EnableImage'>({
  check: async (ctx, input) => {
    await imageModifyPlan(ctx, parseId('image', input.ImageId!), CHANGE)
  },
  handle: async (ctx, input) => {
    await imageModify(ctx, parseId('image', input.ImageId!), CHANGE)
    return { Return: true }
  },
})
