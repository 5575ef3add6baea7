/** Tags of groups, each with whether new instances get it too. */
import type { GroupTag, ScalingGroup } from '../../domain/autoscaling/records.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import { scopeOf } from '../network/scope.ts'
import { tagsChecked } from '../tags.ts'
import { invalid } from './faults.ts'
import { groupGet } from './scope.ts'

export interface TagRequest extends GroupTag {
  groupName: string
}

export function tagsByKey(tags: readonly GroupTag[]): Tags {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]))
}

/** @throws Faults when they are too many, too long, reserved or said twice. */
export function groupTagsChecked(tags: readonly GroupTag[]): readonly GroupTag[] {
  tagsChecked(tags)
  return tags
}

export async function groupTagsPut(ctx: Ctx, requests: readonly TagRequest[]): Promise<void> {
  await change(ctx, requests, (group, wanted) => {
    const others = group.groupTags.filter(({ key }) => !wanted.some((tag) => tag.key === key))
    return groupTagsChecked([...others, ...wanted])
  })
}

/** Those that are not there are gone already. */
export async function groupTagsDelete(ctx: Ctx, requests: readonly TagRequest[]): Promise<void> {
  await change(ctx, requests, (group, wanted) =>
    group.groupTags.filter(({ key }) => !wanted.some((tag) => tag.key === key)),
  )
}

async function change(
  ctx: Ctx,
  requests: readonly TagRequest[],
  make: (group: ScalingGroup, wanted: readonly GroupTag[]) => readonly GroupTag[],
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    for (const [name, wanted] of Map.groupBy(requests, ({ groupName }) => groupName)) {
      const group = await groupGet(ctx, name, tx)
      const own = wanted.map(({ key, value, isPropagated }) => ({ key, value, isPropagated }))
      const groupTags = make(group, own)
      await tx.update('scalingGroup', { ...group, groupTags, tags: tagsByKey(groupTags) })
    }
  })
}

export interface TagFilter {
  name: string
  values: readonly string[]
}

const FILTERS: Readonly<Record<string, (tag: TagRequest) => string>> = {
  'auto-scaling-group': ({ groupName }) => groupName,
  key: ({ key }) => key,
  value: ({ value }) => value,
  'propagate-at-launch': ({ isPropagated }) => String(isPropagated),
}

export async function groupTagsFind(
  ctx: Ctx,
  filters: readonly TagFilter[],
): Promise<TagRequest[]> {
  const unknown = filters.find(({ name }) => !Object.hasOwn(FILTERS, name))
  if (unknown)
    throw invalid(
      `Filter type ${unknown.name} is not correct. Allowed Filter types are: ${Object.keys(FILTERS).join(' ')}`,
    )
  const groups = await ctx.app.store.list('scalingGroup', scopeOf(ctx))
  return groups
    .flatMap(({ name, groupTags }) => groupTags.map((tag) => ({ ...tag, groupName: name })))
    .filter((tag) => filters.every(({ name, values }) => values.includes(FILTERS[name]!(tag))))
}
