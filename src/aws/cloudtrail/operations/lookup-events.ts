/** LookupEvents: the event history of the account in the region, the youngest first. */
import type { Event } from '@aws-sdk/client-cloudtrail'
import { FaultError } from '../../../domain/faults.ts'
import type { TrailAttribute, TrailEvent } from '../../../domain/trail.ts'
import { operation } from '../../operation.ts'

/** Further back needs a narrower question. */
const FOUND_MAX = 100_000
const PAGE_SIZE = 50

export default operation<'cloudtrail', 'LookupEvents'>({
  handle: ({ app, account, region }, input, call) => {
    const { LookupAttributes = [], StartTime, EndTime, EventCategory } = input
    if (EventCategory !== undefined) {
      refuse('UnsupportedOperationException', 'Insights events are not served.')
    }
    if (LookupAttributes.length > 1) {
      const words = 'You can only specify one attribute key/value pair to look up.'
      refuse('InvalidLookupAttributesException', words)
    }
    if (StartTime && EndTime && StartTime > EndTime) {
      refuse('InvalidTimeRangeException', 'The start time must come before the end time.')
    }
    const [only] = LookupAttributes
    const found = app.trail.find(
      {
        account,
        region,
        from: StartTime?.getTime(),
        to: EndTime?.getTime(),
        only: only && {
          attribute: only.AttributeKey as TrailAttribute,
          value: only.AttributeValue ?? '',
        },
      },
      FOUND_MAX,
    )
    // The youngest have the largest numbers.
    const key = (seq: number): string => String(Number.MAX_SAFE_INTEGER - seq).padStart(16, '0')
    const { items, nextToken } = call.page(found, { key, defaultSize: PAGE_SIZE })
    return { Events: app.trail.read(items).map(render), NextToken: nextToken }
  },
})

function refuse(code: string, message: string): never {
  throw new FaultError({ type: 'Service', code, message })
}

function render(event: TrailEvent): Event {
  return {
    EventId: event.id,
    EventName: event.name,
    ReadOnly: String(event.isReadOnly),
    AccessKeyId: event.accessKeyId,
    EventTime: new Date(event.at),
    EventSource: event.source,
    Username: event.userName,
    Resources: event.resources.map(({ type, name }) => ({
      ResourceType: type,
      ResourceName: name,
    })),
    CloudTrailEvent: event.record,
  }
}
