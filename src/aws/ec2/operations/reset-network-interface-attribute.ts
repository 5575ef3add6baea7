/** ResetNetworkInterfaceAttribute: source/destination checking back to its default, which is on. */
import { interfaceModify, interfaceModifyPlan } from '../../../app/network/interfaces.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ResetNetworkInterfaceAttribute'>({
  check: async (ctx, input) => {
    await interfaceModifyPlan(ctx, parseId('networkInterface', input.NetworkInterfaceId!), {})
  },
  handle: async (ctx, input) => {
    const id = parseId('networkInterface', input.NetworkInterfaceId!)
    await interfaceModify(ctx, id, { isSourceDestChecked: true })
    return {}
  },
})
