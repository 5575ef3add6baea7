/** EnableImageDeregistrationProtection, without a cool-down. */
import { imageModify, imageModifyPlan } from '../../../app/images/attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const CHANGE = { type: 'protect', isProtected: true } as const

export default operation<'ec2', 'EnableImageDeregistrationProtection'>({
  check: async (ctx, input) => {
    if (input.WithCooldown) {
      throw new FaultError({ type: 'Unsupported', feature: 'WithCooldown' })
    }
    await imageModifyPlan(ctx, parseId('image', input.ImageId!), CHANGE)
  },
  handle: async (ctx, input) => {
    await imageModify(ctx, parseId('image', input.ImageId!), CHANGE)
    return { Return: 'true' }
  },
})
