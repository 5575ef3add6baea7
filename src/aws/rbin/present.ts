/** Rules of the Recycle Bin as its API shows them, and as it is given them. */
import { ruleArn } from '../../app/rbin/rules.ts'
import type { RbinRule, RbinTag } from '../../domain/rbin.ts'
import type { Tags } from '../../domain/resource.ts'

interface ResourceTag {
  ResourceTagKey?: string
  ResourceTagValue?: string | undefined
}

interface Tag {
  Key?: string
  Value?: string
}

export function presentSummary(rule: RbinRule) {
  const { id, description, retentionDays } = rule
  const period = { RetentionPeriodUnit: 'DAYS', RetentionPeriodValue: retentionDays }
  return {
    Description: description,
    Identifier: id,
    LockState: 'unlocked' as const,
    RetentionPeriod: period,
    RuleArn: ruleArn(rule),
  }
}

export function presentRule(rule: RbinRule) {
  return {
    ...presentSummary(rule),
    ExcludeResourceTags: rule.excludedTags.map(presentTag),
    ResourceTags: rule.resourceTags.map(presentTag),
    ResourceType: rule.resourceType,
    Status: 'available' as const,
  }
}

function presentTag({ key, value }: RbinTag): ResourceTag {
  return { ResourceTagKey: key, ResourceTagValue: value ?? undefined }
}

export function resourceTagsOf(tags: readonly ResourceTag[] = []): RbinTag[] {
  return tags.map(({ ResourceTagKey: key = '', ResourceTagValue: value = null }) => ({
    key,
    value,
  }))
}

export function tagsOf(tags: readonly Tag[] = []): Tags {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}

export function presentTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
