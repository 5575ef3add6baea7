/**
 * Which resources a selection of a plan means. Pure. Source: AWS Backup API reference, BackupSelection and Conditions:
 * any of the ARNs, any of the tags of `ListOfTags`, all of the conditions, none of `NotResources`; what is named
 * together must hold together.
 */
import type { Tags } from '../resource.ts'
import type { SelectionRules, TagCondition } from './records.ts'

export interface Selectable {
  arn: string
  tags: Tags
}

export function isSelected(rules: SelectionRules, { arn, tags }: Selectable): boolean {
  const { resources, notResources, tags: anyOf, conditions } = rules
  if (notResources.some((pattern) => likeMatches(pattern, arn))) return false
  if (resources.length > 0 && !resources.some((pattern) => likeMatches(pattern, arn))) return false
  if (anyOf.length > 0 && !anyOf.some((one) => valueOf(tags, one) === one.value)) return false
  return (
    conditions.equals.every((one) => valueOf(tags, one) === one.value) &&
    conditions.notEquals.every((one) => valueOf(tags, one) !== one.value) &&
    conditions.like.every((one) => isLike(tags, one)) &&
    conditions.notLike.every((one) => !isLike(tags, one))
  )
}

const PREFIX = 'aws:ResourceTag/'

/** Own properties only: a tag may be called `constructor`. */
function valueOf(tags: Tags, { key }: TagCondition): string | undefined {
  const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key
  return Object.hasOwn(tags, name) ? tags[name] : undefined
}

function isLike(tags: Tags, condition: TagCondition): boolean {
  const value = valueOf(tags, condition)
  return value !== undefined && likeMatches(condition.value, value)
}

/** `*` stands for any text. Linear: what stands between the stars is looked for from left to right. */
export function likeMatches(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0]!
  if (parts.length === 1) return pattern === text
  const last = parts.at(-1)!
  if (text.length < first.length + last.length) return false
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return at <= end
}
