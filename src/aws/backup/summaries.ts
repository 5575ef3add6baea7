/** Counts of jobs by day, state and type of resource, as Backup's audit manager shows them. */
import type { Ctx } from '../../app/context.ts'
import type { JobBase } from '../../domain/backup/records.ts'
import { DAY_MS } from '../../domain/backup/sizes.ts'

interface SummaryInput {
  AccountId?: string | undefined
  State?: string | undefined
  ResourceType?: string | undefined
  AggregationPeriod?: string | undefined
}

const DAYS: Readonly<Record<string, number>> = { ONE_DAY: 1, SEVEN_DAYS: 7, FOURTEEN_DAYS: 14 }

export interface Summary {
  Region: string
  AccountId: string
  State: string
  ResourceType: string
  Count: number
  StartTime: Date
  EndTime: Date
}

/** One for each day of the period in which there was something, and each of what is told apart. */
export function summariesOf(
  ctx: Ctx,
  jobs: readonly (JobBase & { state: string })[],
  input: SummaryInput,
): Summary[] {
  const days = DAYS[input.AggregationPeriod ?? 'FOURTEEN_DAYS'] ?? 14
  const today = Math.floor(ctx.app.clock.now() / DAY_MS)
  const found = new Map<string, Summary>()
  for (const job of jobs) {
    const day = Math.floor(job.createdAt / DAY_MS)
    if (day <= today - days || day > today) continue
    const State = aggregated(input.State, 'AGGREGATE_ALL') ? 'AGGREGATE_ALL' : job.state
    const isAnyType = aggregated(input.ResourceType, 'AGGREGATE_ALL')
    const ResourceType = isAnyType ? 'AGGREGATE_ALL' : job.resourceType
    if (!isWanted(input.State, State) || !isWanted(input.ResourceType, ResourceType)) continue
    if (!isWanted(input.AccountId, ctx.account)) continue
    const key = `${day}/${State}/${ResourceType}`
    const known = found.get(key)
    if (known) known.Count++
    else {
      const StartTime = new Date(day * DAY_MS)
      const EndTime = new Date((day + 1) * DAY_MS)
      const { region: Region, account: AccountId } = ctx
      found.set(key, { Region, AccountId, State, ResourceType, Count: 1, StartTime, EndTime })
    }
  }
  return [...found.values()]
}

const aggregated = (given: string | undefined, word: string): boolean => given === word

function isWanted(given: string | undefined, value: string): boolean {
  return given === undefined || given === 'ANY' || given === value
}

export function summaryKey(one: Summary): string {
  return `${one.StartTime.toISOString()}/${one.State}/${one.ResourceType}`
}
