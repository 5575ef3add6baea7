/** `TagSpecifications` of creating operations: the tags for one type of resource, all types checked. */
import type { TagSpecification } from '@aws-sdk/client-ec2'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'
import { tagsOfList } from './tags.ts'

/** @throws Faults for a type that the operation does not create, one named twice, and bad tags. */
export function tagsOfSpecifications(
  specifications: readonly TagSpecification[] | undefined,
  wanted: string,
  creatable: readonly string[] = [wanted],
): Tags {
  let tags: Tags = {}
  const seen = new Set<string>()
  for (const specification of specifications ?? []) {
    const { ResourceType: type } = specification
    if (type === undefined) {
      const hint = 'Tag specification resource type must have a value'
      throw new FaultError({ type: 'MissingParameter', parameter: 'ResourceType', hint })
    }
    if (!creatable.includes(type)) {
      const reason = `'${type}' is not a valid taggable resource type for this operation`
      throw invalidValue('ResourceType', type, reason)
    }
    if (seen.has(type)) {
      throw invalidValue('ResourceType', type, 'The resource type is specified more than once')
    }
    seen.add(type)
    if ((specification.Tags ?? []).length === 0) {
      throw invalidValue('TagSpecification', type, 'Tag specification must have at least one tag')
    }
    const given = tagsOfList(specification.Tags ?? [])
    if (type === wanted) tags = given
  }
  return tags
}
