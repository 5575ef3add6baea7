/** DeregisterImage: nobody can launch it any more; what runs from it goes on. Its snapshots stay. */
import { imageModify, imageModifyPlan } from '../../../app/images/attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const CHANGE = { type: 'deregister' } as const

export default operation<'ec2', 'DeregisterImage'>({
  check: async (ctx, input) => {
    if (input.DeleteAssociatedSnapshots) {
      throw new FaultError({ type: 'Unsupported', feature: 'DeleteAssociatedSnapshots' })
    }
    await imageModifyPlan(ctx, parseId('image', input.ImageId!), CHANGE)
  },
  handle: async (ctx, input) => {
    await imageModify(ctx, parseId('image', input.ImageId!), CHANGE)
    return { Return: true }
  },
})
