/** What the owner of an image may change: description, who may launch it, deprecation, whether it can be used. */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { ImageId } from '../../domain/ids.ts'
import { imageStateOf, type Image } from '../../domain/image.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { publicAccessCheck } from '../public-access.ts'
import { imageGet } from './list.ts'

export interface LaunchPermission {
  /** Everybody (`all`), or one account. */
  to: { type: 'all' } | { type: 'account'; account: string }
}

export type ImageChange =
  | { type: 'description'; text: string }
  | {
      type: 'launchPermission'
      add: readonly LaunchPermission[]
      remove: readonly LaunchPermission[]
    }
  /** Only for its owner. */
  | { type: 'resetLaunchPermission' }
  | { type: 'deprecate'; at: number | null }
  | { type: 'imdsSupport' }
  | { type: 'protect'; isProtected: boolean }
  /** Others lose it, and nobody launches it, until it is enabled again. */
  | { type: 'disable' }
  | { type: 'enable' }

/** Source: EC2 user guide, "Deprecate an AMI": up to ten years ahead, two for public ones. */
const DEPRECATION_YEARS_MAX = 10
const DESCRIPTION_MAX = 255
const YEAR_MS = 365.25 * 24 * 3_600_000

/** The image as it would be written; no effects. @throws Faults `NotFound`, `NotOwner`, `InvalidValue`. */
export async function imageModifyPlan(
  ctx: Ctx,
  id: ImageId,
  change: ImageChange,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const image = await imageGet(ctx, id, reader)
  if (image.account !== ctx.account) throw new FaultError({ type: 'NotOwner', kind: 'image', id })
  switch (change.type) {
    case 'description':
      if (change.text.length > DESCRIPTION_MAX) {
        const reason = `at most ${DESCRIPTION_MAX} characters`
        throw invalidValue('description', change.text, reason)
      }
      return { ...image, description: change.text }
    case 'launchPermission':
      if (change.add.some(({ to }) => to.type === 'all')) {
        await publicAccessCheck(ctx, 'image', id, reader)
      }
      return withPermissions(image, change.add, change.remove)
    case 'resetLaunchPermission':
      return { ...image, isPublic: false, launchPermissions: [] }
    case 'deprecate':
      return { ...image, deprecatedAt: deprecationChecked(ctx, change.at) }
    case 'imdsSupport':
      return { ...image, imdsSupport: 'v2.0' }
    case 'protect':
      return { ...image, isProtected: change.isProtected }
    case 'disable':
      mustBe(image, 'available', 'DisableImage')
      return { ...image, state: 'disabled', isPublic: false, launchPermissions: [] }
    case 'enable':
      mustBe(image, 'disabled', 'EnableImage')
      return { ...image, state: 'available' }
  }
}

function mustBe(image: Image, wanted: string, operation: string): void {
  const state = imageStateOf(image)
  if (state === wanted) return
  throw new FaultError({ type: 'IncorrectState', kind: 'image', id: image.id, state, operation })
}

export async function imageModify(ctx: Ctx, id: ImageId, change: ImageChange): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('image', await imageModifyPlan(ctx, id, change, tx))
  })
}

/** What an account that an image was shared with may say: it is not, any more. @throws Fault `NotPermitted`. */
export async function imageUnshareOwnPlan(
  ctx: Ctx,
  id: ImageId,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const image = await imageGet(ctx, id, reader)
  if (!image.launchPermissions.includes(ctx.account)) {
    const reason = `The AMI ${id} is not shared with account ${ctx.account}`
    throw new FaultError({ type: 'NotPermitted', kind: 'image', id, reason })
  }
  const launchPermissions = image.launchPermissions.filter((one) => one !== ctx.account)
  return { ...image, launchPermissions }
}

export async function imageUnshareOwn(ctx: Ctx, id: ImageId): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('image', await imageUnshareOwnPlan(ctx, id, tx))
  })
}

/** Only the owner sees who else may launch it, and the rest of its attributes. @throws Fault `NotOwner`. */
export async function imageOwned(
  ctx: Ctx,
  id: ImageId,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const image = await imageGet(ctx, id, reader)
  if (image.account !== ctx.account) throw new FaultError({ type: 'NotOwner', kind: 'image', id })
  return image
}

function withPermissions(
  image: Image,
  add: readonly LaunchPermission[],
  remove: readonly LaunchPermission[],
): Image {
  const accounts = new Set(image.launchPermissions)
  let { isPublic } = image
  for (const { to } of add) {
    if (to.type === 'all') isPublic = true
    else accounts.add(to.account)
  }
  for (const { to } of remove) {
    if (to.type === 'all') isPublic = false
    else accounts.delete(to.account)
  }
  return { ...image, isPublic, launchPermissions: [...accounts].sort() }
}

function deprecationChecked(ctx: Ctx, at: number | null): number | null {
  if (at === null) return null
  const now = ctx.app.clock.now()
  const text = new Date(at).toISOString()
  if (at <= now) throw invalidValue('DeprecateAt', text, 'must be in the future')
  if (at > now + DEPRECATION_YEARS_MAX * YEAR_MS) {
    throw invalidValue('DeprecateAt', text, `at most ${DEPRECATION_YEARS_MAX} years ahead`)
  }
  // EC2 keeps whole minutes.
  return Math.round(at / 60_000) * 60_000
}
