/** DescribeFastLaunchImages: which images have templates, or are getting them. */
import { fastLaunchList } from '../../../app/images/fast-launch.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Image } from '../../../domain/image.ts'
import { operation } from '../../operation.ts'
import { fastLaunchShape } from '../present/fast-launch.ts'

export default operation<'ec2', 'DescribeFastLaunchImages', Image>({
  filters: {
    'owner-id': (image) => image.account,
    'resource-type': () => 'snapshot',
    state: (image) => image.fastLaunch?.state,
  },
  handle: async (ctx, input, call) => {
    const ids = (input.ImageIds ?? []).map((id) => parseId('image', id))
    const page = call.page(call.filter(await fastLaunchList(ctx, ids)), {
      key: (image) => image.id,
    })
    return {
      FastLaunchImages: page.items.map((image) => fastLaunchShape(image)),
      NextToken: page.nextToken,
    }
  },
})
