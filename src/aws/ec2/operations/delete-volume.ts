/** DeleteVolume of one that is not attached. */
import { volumeDelete, volumeDeleteCheck } from '../../../app/volumes/create.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteVolume'>({
  check: async (ctx, input) => {
    await volumeDeleteCheck(ctx, parseId('volume', input.VolumeId!))
  },
  handle: async (ctx, input) => {
    await volumeDelete(ctx, parseId('volume', input.VolumeId!))
    return {}
  },
})
