/** What an account has said, in a region, about the images of others that it uses: kept, and asked at each use. */
import {
  ALLOWED_IMAGES_DEFAULT,
  imageIsAllowed,
  type AllowedImages,
} from '../../domain/allowed-images.ts'
import type { Image } from '../../domain/image.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'

const nameOf = (ctx: Ctx): string => `allowed-images:${ctx.account}:${ctx.region}`

export async function allowedImages(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<AllowedImages> {
  const text = await reader.setting(nameOf(ctx))
  return text ? (JSON.parse(text) as AllowedImages) : ALLOWED_IMAGES_DEFAULT
}

/** Criteria and state are set each for itself: the one stays when the other is changed. */
export async function allowedImagesSet(ctx: Ctx, change: Partial<AllowedImages>): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const next = { ...(await allowedImages(ctx, tx)), ...change }
    await tx.settingPut(nameOf(ctx), JSON.stringify(next))
  })
}

/** `isAllowed`: as it is said. `isUsable`: as it is. */
export async function imageAllowance(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<{ isAllowed: (image: Image) => boolean; isUsable: (image: Image) => boolean }> {
  const allowed = await allowedImages(ctx, reader)
  const now = ctx.app.clock.now()
  const isAllowed = (image: Image): boolean =>
    allowed.state === 'disabled' || imageIsAllowed(image, ctx.account, allowed, now)
  return { isAllowed, isUsable: allowed.state === 'enabled' ? isAllowed : () => true }
}
