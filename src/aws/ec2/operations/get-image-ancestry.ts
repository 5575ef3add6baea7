/** GetImageAncestry: the image, what it was made of, and so on, as far as the caller sees. */
import type { ImageAncestryEntry } from '@aws-sdk/client-ec2'
import { imageAncestry } from '../../../app/images/ancestry.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Image } from '../../../domain/image.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetImageAncestry'>({
  check: async (ctx, input) => {
    await imageAncestry(ctx, parseId('image', input.ImageId!))
  },
  handle: async (ctx, input) => {
    const images = await imageAncestry(ctx, parseId('image', input.ImageId!))
    return { ImageAncestryEntries: images.map(presentEntry) }
  },
})

function presentEntry(image: Image): ImageAncestryEntry {
  return {
    CreationDate: new Date(image.createdAt),
    ImageId: image.id,
    ImageOwnerAlias: image.ownerAlias ?? image.account,
    SourceImageId: image.sourceImage?.imageId,
    SourceImageRegion: image.sourceImage?.region,
  }
}
