/** GetInstanceUefiData: the variables of an instance's firmware, as RegisterImage takes them. */
import { instanceUefiVariables } from '../../../app/instances/firmware.ts'
import { instancesGet } from '../../../app/instances/lifecycle.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { uefiDataEncode } from '../uefi-data.ts'

export default operation<'ec2', 'GetInstanceUefiData'>({
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId ?? '')
    const [instance] = await instancesGet(ctx, [id])
    const variables = await instanceUefiVariables(ctx.app, instance!)
    if (!variables) {
      const feature = `UEFI data of ${id}, which boots with legacy BIOS,`
      throw new FaultError({ type: 'Unsupported', feature })
    }
    return { InstanceId: id, UefiData: uefiDataEncode(variables) }
  },
})
