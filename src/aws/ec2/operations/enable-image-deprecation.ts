/** EnableImageDeprecation: from that time on, others no longer find the image, but who knows its id can use it. */
import { imageModify, imageModifyPlan } from '../../../app/images/attributes.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const changeOf = (input: { DeprecateAt: Date | undefined }) =>
  ({ type: 'deprecate', at: input.DeprecateAt!.getTime() }) as const

export default operation<'ec2', 'EnableImageDeprecation'>({
  check: async (ctx, input) => {
    await imageModifyPlan(ctx, parseId('image', input.ImageId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    await imageModify(ctx, parseId('image', input.ImageId!), changeOf(input))
    return { Return: true }
  },
})
