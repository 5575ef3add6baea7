/** Tags between AWS's lists and our records. */
import type { ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2'
import { tagsChecked } from '../../app/tags.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'

/**
 * The tags that a create operation's `TagSpecifications` give to each of the resource types it makes.
 * @throws Faults for a type that the operation does not make, one named twice, and bad tags.
 */
export function tagsOfSpecifications<T extends ResourceType>(
  specifications: readonly TagSpecification[] | undefined,
  ...types: readonly [T, ...T[]]
): Record<T, Tags> {
  const byType = Object.fromEntries(types.map((type) => [type, {}])) as Record<T, Tags>
  const seen = new Set<string>()
  for (const { ResourceType: type, Tags: tags } of specifications ?? []) {
    if (type === undefined) {
      const hint = 'Tag specification resource type must have a value'
      throw new FaultError({ type: 'MissingParameter', parameter: 'ResourceType', hint })
    }
    if (!(types as readonly string[]).includes(type)) {
      const reason = `'${type}' is not a valid taggable resource type for this operation`
      throw invalidValue('ResourceType', type, reason)
    }
    if (seen.has(type)) {
      throw invalidValue('ResourceType', type, 'The resource type is specified more than once')
    }
    if (tags === undefined || tags.length === 0) {
      throw invalidValue('TagSpecification', type, 'Tag specification must have at least one tag')
    }
    seen.add(type)
    byType[type as T] = tagsOfList(tags)
  }
  return byType
}

export function tagsOfList(tags: readonly Tag[]): Tags {
  return tagsChecked(tags.map(({ Key: key, Value: value }) => ({ key, value })))
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** For `tagsOf` of an operation. */
export function tagsOf(resource: { tags: Tags }): Tags {
  return resource.tags
}
