/** RestoreImageFromRecycleBin, when its name is free and its snapshots are there. */
import { binImageRestore, binImages } from '../../../app/rbin/bin.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'RestoreImageFromRecycleBin'>({
  check: async (ctx, input) => {
    await binImages(ctx, [parseId('image', input.ImageId!)])
  },
  handle: async (ctx, input) => {
    await binImageRestore(ctx, parseId('image', input.ImageId!))
    return { Return: true }
  },
})
