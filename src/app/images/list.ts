/** Looking up images: the account's own, those shared with it, and public ones of every region. */
import { FaultError, notFound } from '../../domain/faults.ts'
import type { Image } from '../../domain/image.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { imageAllowance } from './allowed.ts'

export function imageIsVisible(ctx: Ctx, image: Image): boolean {
  return (
    image.isPublic || image.account === ctx.account || image.launchPermissions.includes(ctx.account)
  )
}

/** Images the account may use, deregistered ones and those that it does not allow itself left out. */
export async function imageList(ctx: Ctx, reader: StoreReader = ctx.app.store): Promise<Image[]> {
  const images = await reader.list('image', { region: ctx.region })
  const { isUsable } = await imageAllowance(ctx, reader)
  return images.filter(
    (image) => image.deregisteredAt === null && imageIsVisible(ctx, image) && isUsable(image),
  )
}

/** @throws Fault `NotFound`, also for images the account may not see. */
export async function imageGet(
  ctx: Ctx,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const image = await reader.get('image', id)
  const isHere = image && (image.region === ctx.region || image.region === '*')
  if (!image || !isHere || image.deregisteredAt !== null || !imageIsVisible(ctx, image)) {
    throw notFound('image', id)
  }
  if (!(await imageAllowance(ctx, reader)).isUsable(image)) throw notFound('image', id)
  return image
}

/** @throws Fault `Duplicate` when another image of the account has the name. */
export async function imageNameFree(ctx: Ctx, reader: StoreReader, name: string): Promise<void> {
  // Images of every region (those that were added on the host) have names too.
  const images = await reader.list('image', { account: ctx.account, region: ctx.region })
  const isTaken = images.some((image) => image.name === name && image.deregisteredAt === null)
  if (isTaken) throw new FaultError({ type: 'Duplicate', kind: 'image', name })
}
