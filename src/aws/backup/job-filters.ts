/** The filters that lists of jobs share. `*` and `ANY` stand for all. */
import type { JobBase } from '../../domain/backup/records.ts'

interface JobFilters {
  ByResourceArn?: string | undefined
  ByResourceType?: string | undefined
  ByState?: string | undefined
  ByStatus?: string | undefined
  ByAccountId?: string | undefined
  ByCreatedBefore?: Date | undefined
  ByCreatedAfter?: Date | undefined
  ByCompleteBefore?: Date | undefined
  ByCompleteAfter?: Date | undefined
  ByParentJobId?: string | undefined
}

/** Whether a job is one of those asked for. */
export function jobMatches(job: JobBase & { state: string }, by: JobFilters): boolean {
  const state = by.ByState ?? by.ByStatus
  const isState = state === undefined || state === 'ANY' || job.state === state
  const isOf =
    (by.ByResourceArn === undefined || job.resourceArn === by.ByResourceArn) &&
    (by.ByResourceType === undefined || job.resourceType === by.ByResourceType) &&
    (by.ByAccountId === undefined || by.ByAccountId === '*' || job.account === by.ByAccountId)
  return (
    isState &&
    isOf &&
    // No job here has parts.
    by.ByParentJobId === undefined &&
    isWithin(job.createdAt, by.ByCreatedAfter, by.ByCreatedBefore) &&
    (by.ByCompleteAfter === undefined && by.ByCompleteBefore === undefined
      ? true
      : job.endedAt !== null && isWithin(job.endedAt, by.ByCompleteAfter, by.ByCompleteBefore))
  )
}

export function isWithin(at: number, after: Date | undefined, before: Date | undefined): boolean {
  return (!after || at >= after.getTime()) && (!before || at <= before.getTime())
}
