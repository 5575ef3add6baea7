/** `TagSpecifications` of creating operations: the tags for one type of resource, all types checked. */
import type { TagSpecification } from '@aws-sdk/client-ec2'
import { tagsChecked } from '../../app/tags.ts'
import { invalidValue } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'

/** @throws Fault `InvalidValue` for a resource type that the operation does not create. */
export function tagsOfSpecifications(
  specifications: readonly TagSpecification[] | undefined,
  wanted: string,
  creatable: readonly string[] = [wanted],
): Tags {
  const stray = (specifications ?? []).find(
    (specification) => !creatable.includes(specification.ResourceType ?? ''),
  )
  if (stray) {
    const reason = `is not a valid taggable resource type for this operation`
    throw invalidValue('ResourceType', stray.ResourceType, reason)
  }
  return tagsChecked(
    (specifications ?? [])
      .filter((specification) => specification.ResourceType === wanted)
      .flatMap((specification) => specification.Tags ?? [])
      .map(({ Key, Value }) => ({ key: Key, value: Value })),
  )
}
