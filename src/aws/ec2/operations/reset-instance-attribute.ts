/** ResetInstanceAttribute: the source/destination check back to its default. Kernels are the image's. */
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const RESET: InstanceChange = { type: 'sourceDestCheck', isChecked: true }

export default operation<'ec2', 'ResetInstanceAttribute'>({
  check: async (ctx, input) => {
    const { Attribute: attribute } = input
    if (attribute === 'kernel' || attribute === 'ramdisk') {
      const feature = `ResetInstanceAttribute with ${attribute}`
      throw new FaultError({ type: 'Unsupported', feature })
    }
    if (attribute !== 'sourceDestCheck') {
      throw invalidValue('attribute', attribute, 'can be kernel, ramdisk or sourceDestCheck')
    }
    await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), RESET)
  },
  handle: async (ctx, input) => {
    await instanceModify(ctx, parseId('instance', input.InstanceId!), RESET)
    return {}
  },
})
