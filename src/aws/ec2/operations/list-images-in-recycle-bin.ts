/** ListImagesInRecycleBin. */
import { binImages } from '../../../app/rbin/bin.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ListImagesInRecycleBin'>({
  handle: async (ctx, input, call) => {
    const ids = (input.ImageIds ?? []).map((id) => parseId('image', id))
    const page = call.page(await binImages(ctx, ids), { key: (one) => one.id })
    return {
      Images: page.items.map((one) => ({
        Description: one.description,
        Name: one.name,
        RecycleBinEnterTime: new Date(one.recycled!.at),
        RecycleBinExitTime: new Date(one.recycled!.until),
        ImageId: one.id,
      })),
      NextToken: page.nextToken,
    }
  },
})
