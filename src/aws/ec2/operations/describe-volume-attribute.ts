/** DescribeVolumeAttribute. */
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeVolumeAttribute'>({
  handle: async (ctx, input) => {
    const id = parseId('volume', input.VolumeId!)
    const volume = await ownGet(ctx, ctx.app.store, 'volume', id)
    if (input.Attribute === 'productCodes') return { VolumeId: id, ProductCodes: [] }
    return { VolumeId: id, AutoEnableIO: { Value: volume.isIoAutoEnabled ?? false } }
  },
})
