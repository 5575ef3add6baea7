/**
 * `TagSpecifications` of a request that creates one kind of resource. Limits: EC2 user guide, "Tag restrictions".
 */
import type { TagSpecification } from '@aws-sdk/client-ec2'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'

const TAGS_MAX = 50
const KEY_LENGTH_MAX = 127
const VALUE_LENGTH_MAX = 255

/** The tags for `resourceType`. @throws Fault when another type is named, a key comes twice or breaks the rules. */
export function tagsFrom(
  specifications: readonly TagSpecification[] | undefined,
  resourceType: string,
): Tags {
  const tags = new Map<string, string>()
  for (const specification of specifications ?? []) {
    if (specification.ResourceType !== resourceType) {
      const reason = `this operation tags ${resourceType} only`
      throw invalidValue('TagSpecification.ResourceType', specification.ResourceType, reason)
    }
    for (const { Key: key = '', Value: value = '' } of specification.Tags ?? []) {
      check(key, value)
      if (tags.has(key)) throw invalidValue('Tag.Key', key, 'duplicate tag key')
      tags.set(key, value)
    }
  }
  if (tags.size > TAGS_MAX) {
    const reason = `a resource has at most ${TAGS_MAX} tags`
    throw new FaultError({ type: 'LimitExceeded', kind: 'tag', limit: TAGS_MAX, reason })
  }
  return Object.fromEntries(tags)
}

export function tagsPresent(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

function check(key: string, value: string): void {
  if (key.length === 0 || key.length > KEY_LENGTH_MAX) {
    throw invalidValue('Tag.Key', key, `a tag key has 1 to ${KEY_LENGTH_MAX} characters`)
  }
  if (key.toLowerCase().startsWith('aws:')) {
    throw invalidValue('Tag.Key', key, 'the prefix aws: is reserved')
  }
  if (value.length > VALUE_LENGTH_MAX) {
    throw invalidValue('Tag.Value', value, `a tag value has at most ${VALUE_LENGTH_MAX} characters`)
  }
}
