/**
 * Fast launch of an image: whether its machines start as copies of templates. The wish is the user's; the state is what
 * the hosts report (reconcilers/templates.ts). Images of everybody have it from the start. Unlike AWS, where only
 * Windows images have it and only their owner may change it, any account that sees a public image may: templates are
 * the host's.
 * Source: EC2 API reference, EnableFastLaunch, DisableFastLaunch, DescribeFastLaunchImages.
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { ImageId } from '../../domain/ids.ts'
import type { FastLaunch, Image } from '../../domain/image.ts'
import type { TemplateReport } from '../../domain/template.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { imageGet, imageList } from './list.ts'

const TARGET_COUNT_DEFAULT = 5
/** AWS's least, and what it takes without being told. */
const PARALLEL_LAUNCHES_MIN = 6

export interface FastLaunchOptions {
  targetResourceCount: number | null
  maxParallelLaunches: number | null
}

export function fastLaunchWanted(now: number, options?: FastLaunchOptions): FastLaunch {
  return {
    isWanted: true,
    state: 'enabling',
    reason: 'Client.UserInitiated',
    changedAt: now,
    targetResourceCount: options?.targetResourceCount ?? TARGET_COUNT_DEFAULT,
    maxParallelLaunches: options?.maxParallelLaunches ?? PARALLEL_LAUNCHES_MIN,
  }
}

/** @throws Faults `NotFound`, `InvalidValue`, and `Unsupported` for an image whose guest cannot be frozen. */
export async function fastLaunchEnableCheck(
  ctx: Ctx,
  id: ImageId,
  options: FastLaunchOptions,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const { maxParallelLaunches, targetResourceCount } = options
  if (maxParallelLaunches !== null && maxParallelLaunches < PARALLEL_LAUNCHES_MIN) {
    throw invalidValue('MaxParallelLaunches', maxParallelLaunches, 'must be 6 or greater')
  }
  if (targetResourceCount !== null && targetResourceCount < 1) {
    throw invalidValue('TargetResourceCount', targetResourceCount, 'must be 1 or greater')
  }
  const image = await imageGet(ctx, id, reader)
  if (!image.isFreezable) {
    const feature = `fast launch of ${id}, whose guest cannot be frozen (it has no launch port)`
    throw new FaultError({ type: 'Unsupported', feature })
  }
  return image
}

export async function fastLaunchEnable(
  ctx: Ctx,
  id: ImageId,
  options: FastLaunchOptions,
): Promise<Image> {
  const image = await ctx.app.store.transact(async (tx) => {
    const before = await fastLaunchEnableCheck(ctx, id, options, tx)
    const now = ctx.app.clock.now()
    const wanted = fastLaunchWanted(now, options)
    const { fastLaunch } = before
    // Enabled already: what was asked for is kept, and nothing begins anew but what failed.
    const next =
      fastLaunch?.isWanted && fastLaunch.state !== 'enabling-failed'
        ? { ...wanted, state: fastLaunch.state, changedAt: fastLaunch.changedAt }
        : wanted
    return tx.update('image', { ...before, fastLaunch: next })
  })
  ctx.app.activate('templates')
  return image
}

/** @throws Fault `IncorrectState` when it is not enabled. */
export async function fastLaunchDisableCheck(
  ctx: Ctx,
  id: ImageId,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const image = await imageGet(ctx, id, reader)
  if (image.fastLaunch?.isWanted) return image
  throw new FaultError({
    type: 'IncorrectState',
    kind: 'image',
    id,
    state: image.fastLaunch?.state ?? 'disabled',
    operation: 'disable fast launch of',
  })
}

export async function fastLaunchDisable(ctx: Ctx, id: ImageId): Promise<Image> {
  const image = await ctx.app.store.transact(async (tx) => {
    const before = await fastLaunchDisableCheck(ctx, id, tx)
    const fastLaunch: FastLaunch = {
      ...before.fastLaunch!,
      isWanted: false,
      state: 'disabling',
      reason: 'Client.UserInitiated',
      changedAt: ctx.app.clock.now(),
    }
    return tx.update('image', { ...before, fastLaunch })
  })
  ctx.app.activate('templates')
  return image
}

/** Images that have it, or are on their way there or back. Ids that have not are no error, as on AWS. */
export async function fastLaunchList(ctx: Ctx, ids: readonly ImageId[]): Promise<Image[]> {
  const images = (await imageList(ctx)).filter((image) => image.fastLaunch)
  return ids.length === 0 ? images : images.filter((image) => ids.includes(image.id))
}

/** What the hosts have and are making, for whoever runs them; images that are gone have none. */
export interface TemplateListing extends TemplateReport {
  imageId: string
  imageName: string
}

export async function templatesList(app: App): Promise<TemplateListing[]> {
  const images = (await app.store.list('image', {})).filter((image) => image.fastLaunch)
  const reports = (await Promise.all(app.hosts.map(({ agent }) => agent.templateList()))).flat()
  return reports.flatMap((report) => {
    const image = images.find((one) => one.imageFolder === report.imageFolder)
    return image ? [{ ...report, imageId: image.id, imageName: image.family }] : []
  })
}
