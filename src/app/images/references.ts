/**
 * What of the account's own names an image: its instances, and the latest versions of its launch templates. Source: EC2
 * API reference, DescribeImageReferences.
 */
import { notFound } from '../../domain/faults.ts'
import type { ImageId } from '../../domain/ids.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import type { LaunchTemplate } from '../../domain/launch-template.ts'
import { ownList } from '../network/scope.ts'
import type { Ctx } from '../context.ts'

export interface ReferenceQuery {
  imageIds: readonly ImageId[]
  /** Null: none is looked for. */
  instances: { states: readonly string[] } | null
  /** How many versions of each, from the latest. */
  templates: { depth: number } | null
}

export type ImageReference =
  | { imageId: ImageId; type: 'instance'; of: Instance }
  | { imageId: ImageId; type: 'template'; of: LaunchTemplate }

/** @throws Fault `NotFound` for an image that never was. */
export async function imageReferences(ctx: Ctx, query: ReferenceQuery): Promise<ImageReference[]> {
  const { store } = ctx.app
  const known = new Set((await store.list('image', { ids: query.imageIds })).map(({ id }) => id))
  const missing = query.imageIds.filter((id) => !known.has(id))
  if (missing.length > 0) throw notFound('image', ...missing)
  const asked = new Set<string>(query.imageIds)
  const found: ImageReference[] = []
  if (query.instances) {
    const { states } = query.instances
    for (const of of await ownList(ctx, 'instance')) {
      const { imageId } = of.spec
      const isMeant = states.length === 0 || states.includes(instanceStateOf(of))
      if (asked.has(imageId) && isMeant) found.push({ imageId, type: 'instance', of })
    }
  }
  if (query.templates) found.push(...(await ofTemplates(ctx, asked, query.templates.depth)))
  return found
}

async function ofTemplates(ctx: Ctx, asked: ReadonlySet<string>, depth: number) {
  const found: ImageReference[] = []
  const versions = await ctx.app.store.list('launchTemplateVersion', {
    account: ctx.account,
    region: ctx.region,
  })
  for (const of of await ownList(ctx, 'launchTemplate')) {
    const latest = versions
      .filter(({ templateId }) => templateId === of.id)
      .sort((a, b) => b.version - a.version)
      .slice(0, depth)
    const images = new Set(latest.map(({ data }) => String(data['ImageId'])))
    for (const imageId of images) {
      if (asked.has(imageId)) found.push({ imageId: imageId as ImageId, type: 'template', of })
    }
  }
  return found
}
