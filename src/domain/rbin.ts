/** Recycle Bin: rules that keep what was deleted for a while, and what is kept by them. */
import type { ResourceBase, Tags } from './resource.ts'

export interface RbinTag {
  key: string
  /** Null: whatever its value. */
  value: string | null
}

/** Its tags are its own; `resourceTags` say what it is for. */
export interface RbinRule extends ResourceBase<string> {
  description: string
  resourceType: 'EBS_SNAPSHOT' | 'EC2_IMAGE'
  retentionDays: number
  /** Empty: for everything of the region but what is excluded. */
  resourceTags: readonly RbinTag[]
  excludedTags: readonly RbinTag[]
}

/** Of what was deleted and is kept: from when, until when. */
export interface Recycled {
  at: number
  until: number
}

const DAY_MS = 86_400_000

/** How long a deleted thing is kept: the longest of the rules that are for it; null: not at all. */
export function recycledBy(rules: readonly RbinRule[], tags: Tags, now: number): Recycled | null {
  const has = ({ key, value }: RbinTag): boolean =>
    Object.hasOwn(tags, key) && (value === null || tags[key] === value)
  const days = rules
    .filter(({ resourceTags, excludedTags }) =>
      resourceTags.length > 0 ? resourceTags.some(has) : !excludedTags.some(has),
    )
    .map((rule) => rule.retentionDays)
  return days.length === 0 ? null : { at: now, until: now + Math.max(...days) * DAY_MS }
}
