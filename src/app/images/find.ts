/**
 * Which images a request sees: by owner, by who may launch them, by id. Source: EC2 API reference, DescribeImages.
 */
import { notFound } from '../../domain/faults.ts'
import type { ImageId } from '../../domain/ids.ts'
import { imageStateOf, type Image } from '../../domain/image.ts'
import type { Ctx } from '../context.ts'
import { imageList } from './list.ts'

export interface ImageQuery {
  ids: readonly ImageId[]
  /** `self`, an account, or an alias such as `amazon`; none: all that the caller may see. */
  owners: readonly string[]
  /** `self`, `all` or an account: by whom they may be launched, explicitly. */
  executableBy: readonly string[]
  hasDeprecated: boolean
  hasDisabled: boolean
}

/** "Recently deregistered images … return empty results", then an error; Ansible waits for them to be empty. */
const RECENTLY_MS = 60 * 60_000

/** @throws Fault `NotFound` naming the ids that the caller does not see. */
export async function imagesFind(ctx: Ctx, query: ImageQuery): Promise<Image[]> {
  const visible = await imageList(ctx)
  const known = new Set<string>(visible.map((image) => image.id))
  const missing = await unknownOf(
    ctx,
    query.ids.filter((id) => !known.has(id)),
  )
  if (missing.length > 0) throw notFound('image', ...missing)
  const now = ctx.app.clock.now()
  const ids = new Set<string>(query.ids)
  return visible.filter((image) => {
    if (ids.size > 0 && !ids.has(image.id)) return false
    if (query.owners.length > 0 && !query.owners.some((owner) => isOwner(ctx, image, owner))) {
      return false
    }
    const { executableBy } = query
    if (executableBy.length > 0 && !executableBy.some((who) => mayLaunch(ctx, image, who))) {
      return false
    }
    if (imageStateOf(image) === 'disabled' && !query.hasDisabled && ids.size === 0) return false
    // Its owner, and who names it by its id, see a deprecated image all the same.
    const isHidden = image.deprecatedAt !== null && image.deprecatedAt <= now
    return !isHidden || query.hasDeprecated || ids.size > 0 || image.account === ctx.account
  })
}

/** Without the account's own that were there a moment ago. */
async function unknownOf(ctx: Ctx, missing: readonly ImageId[]): Promise<ImageId[]> {
  if (missing.length === 0) return []
  const since = ctx.app.clock.now() - RECENTLY_MS
  const found = await ctx.app.store.list('image', { ids: missing })
  const recent = new Set<string>(
    found
      .filter(({ account, region }) => account === ctx.account && region === ctx.region)
      .filter(({ deregisteredAt }) => (deregisteredAt ?? 0) >= since)
      .map(({ id }) => id),
  )
  return missing.filter((id) => !recent.has(id))
}

function isOwner(ctx: Ctx, image: Image, owner: string): boolean {
  if (owner === 'self') return image.account === ctx.account
  return image.account === owner || image.ownerAlias === owner
}

function mayLaunch(ctx: Ctx, image: Image, who: string): boolean {
  if (who === 'all') return image.isPublic
  return image.launchPermissions.includes(who === 'self' ? ctx.account : who)
}
