/** DeleteNetworkInterface: one that no instance has. */
import { interfaceDelete, interfaceDeleteCheck } from '../../../app/network/interfaces.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteNetworkInterface'>({
  check: async (ctx, input) =>
    void (await interfaceDeleteCheck(ctx, parseId('networkInterface', input.NetworkInterfaceId!))),
  handle: async (ctx, input) => {
    await interfaceDelete(ctx, parseId('networkInterface', input.NetworkInterfaceId!))
    return {}
  },
})
