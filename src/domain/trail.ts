/** What the trail keeps of a call: who, from where, what, about which resources, and how it ended. */

export interface TrailResource {
  /** As CloudTrail names it: `AWS::EC2::Instance`. */
  type: string
  name: string
}

export interface TrailEvent {
  id: string
  account: string
  region: string
  at: number
  name: string
  source: string
  isReadOnly: boolean
  userName: string
  accessKeyId: string
  resources: readonly TrailResource[]
  /** The record as clients get it: CloudTrail's JSON. */
  record: string
}

export type TrailAttribute =
  | 'EventId'
  | 'EventName'
  | 'ReadOnly'
  | 'Username'
  | 'ResourceType'
  | 'ResourceName'
  | 'EventSource'
  | 'AccessKeyId'

export interface TrailQuery {
  account: string
  region: string
  from?: number | undefined
  to?: number | undefined
  only?: { attribute: TrailAttribute; value: string } | undefined
}

/** As long as AWS's event history. */
export const TRAIL_KEPT_MS = 90 * 24 * 3_600_000
