/** EnableVolumeIO: I/O is never disabled here, so there is nothing to enable. */
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'EnableVolumeIO'>({
  check: async (ctx, input) => {
    await ownGet(ctx, ctx.app.store, 'volume', parseId('volume', input.VolumeId!))
  },
  handle: async () => ({}),
})
