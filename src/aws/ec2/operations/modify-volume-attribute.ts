/** ModifyVolumeAttribute: `AutoEnableIO`, which is kept and has nothing to do: I/O is never disabled here. */
import { ownGet } from '../../../app/network/scope.ts'
import { volumeAutoEnableIo } from '../../../app/volumes/create.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyVolumeAttribute'>({
  check: async (ctx, input) => {
    await ownGet(ctx, ctx.app.store, 'volume', parseId('volume', input.VolumeId!))
    if (input.AutoEnableIO?.Value === undefined) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'AutoEnableIO' })
    }
  },
  handle: async (ctx, input) => {
    await volumeAutoEnableIo(ctx, parseId('volume', input.VolumeId!), input.AutoEnableIO!.Value!)
    return {}
  },
})
