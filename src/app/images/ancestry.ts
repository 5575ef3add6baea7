/** Where an image comes from: itself, the image it is a copy of or whose instance it was made of, and so on. */
import type { ImageId } from '../../domain/ids.ts'
import type { Image } from '../../domain/image.ts'
import type { Ctx } from '../context.ts'
import { imageGet, imageIsVisible } from './list.ts'

/** Longer than anybody's; each step is a read. */
const GENERATIONS_MAX = 100

/** Ends with the first that is gone, or that the caller does not see. @throws Fault `NotFound`. */
export async function imageAncestry(ctx: Ctx, id: ImageId): Promise<Image[]> {
  const images = [await imageGet(ctx, id)]
  while (images.length < GENERATIONS_MAX) {
    const of = images.at(-1)!.sourceImage
    const source = of && (await ctx.app.store.get('image', of.imageId))
    if (!source || source.deregisteredAt !== null || !imageIsVisible(ctx, source)) break
    images.push(source)
  }
  return images
}
