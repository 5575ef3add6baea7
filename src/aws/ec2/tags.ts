/** Tags between AWS's lists and our records. */
import type { Tag } from '@aws-sdk/client-ec2'
import { tagsChecked } from '../../app/tags.ts'
import type { Tags } from '../../domain/resource.ts'

/** @throws Faults `InvalidValue`, `LimitExceeded`. */
export function tagsOfList(tags: readonly Tag[]): Tags {
  return tagsChecked(tags.map(({ Key: key, Value: value }) => ({ key, value })))
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** For `tagsOf` of an operation. */
export function tagsOf(resource: { tags: Tags }): Tags {
  return resource.tags
}

/** The same for records that are answers already. */
export function tagsOfAnswer(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']))
}
