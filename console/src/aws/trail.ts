/** The event history: who called what, from CloudTrail's LookupEvents. */
import type { CloudTrailClient, LookupAttribute } from '@aws-sdk/client-cloudtrail'
import { clientOf } from './clients.ts'

export interface TrailFilter {
  /** Seconds back; null: all of it. */
  seconds: number | null
  user: string
  operation: string
  resource: string
  isErrorsOnly: boolean
}

export interface TrailEntry {
  id: string
  at: Date
  operation: string
  service: string
  user: string
  sourceAddress: string
  /** AWS's code; null: it was done. */
  error: string | null
  errorMessage: string | null
  resources: readonly { type: string; name: string }[]
  /** The whole record, to be shown. */
  record: Record<string, unknown>
}

const PAGE = 50
/** What one look goes through for a filter that the cloud cannot apply. */
const PAGES_MAX = 40

async function cloudtrail(): Promise<CloudTrailClient> {
  const { CloudTrailClient } = await import('@aws-sdk/client-cloudtrail')
  return clientOf('cloudtrail', (config) => new CloudTrailClient(config))
}

/** The cloud looks for one of them; the others are looked at here. */
function attributeOf({ resource, user, operation }: TrailFilter): LookupAttribute[] {
  if (resource) return [{ AttributeKey: 'ResourceName', AttributeValue: resource }]
  if (user) return [{ AttributeKey: 'Username', AttributeValue: user }]
  if (operation) return [{ AttributeKey: 'EventName', AttributeValue: operation }]
  return []
}

/** The youngest `count` that fit; `isMore`: there are others. */
export async function trailRead(
  filter: TrailFilter,
  count: number,
): Promise<{ entries: TrailEntry[]; isMore: boolean }> {
  const { LookupEventsCommand } = await import('@aws-sdk/client-cloudtrail')
  const client = await cloudtrail()
  const StartTime =
    filter.seconds === null ? undefined : new Date(Date.now() - filter.seconds * 1000)
  const LookupAttributes = attributeOf(filter)
  const entries: TrailEntry[] = []
  let NextToken: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const input = { LookupAttributes, StartTime, MaxResults: PAGE, NextToken }
    const found = await client.send(new LookupEventsCommand(input))
    for (const event of found.Events ?? []) {
      const record = JSON.parse(event.CloudTrailEvent ?? '{}') as Record<string, unknown>
      const text = (name: string): string | null =>
        typeof record[name] === 'string' ? record[name] : null
      const entry: TrailEntry = {
        id: event.EventId ?? '',
        at: event.EventTime ?? new Date(0),
        operation: event.EventName ?? '',
        service: (event.EventSource ?? '').replace('.amazonaws.com', ''),
        user: event.Username ?? '',
        sourceAddress: text('sourceIPAddress') ?? '',
        error: text('errorCode') ?? (text('errorMessage') ? 'Failed' : null),
        errorMessage: text('errorMessage'),
        resources: (event.Resources ?? []).map((one) => ({
          type: one.ResourceType ?? '',
          name: one.ResourceName ?? '',
        })),
        record,
      }
      if (fits(entry, filter)) entries.push(entry)
    }
    NextToken = found.NextToken
    if (!NextToken || entries.length > count) break
  }
  return {
    entries: entries.slice(0, count),
    isMore: NextToken !== undefined || entries.length > count,
  }
}

function fits(entry: TrailEntry, { user, operation, isErrorsOnly }: TrailFilter): boolean {
  if (isErrorsOnly && entry.error === null) return false
  if (user && entry.user !== user) return false
  return !operation || entry.operation === operation
}
