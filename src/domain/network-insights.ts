/** Paths that somebody wants to know about, and what an analysis found. */
import type { IdOf } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface InsightsPath extends ResourceBase<IdOf<'insightsPath'>> {
  /** Ids of instances, interfaces or internet gateways, as they were given. */
  source: string
  /** null: only its address is given. */
  destination: string | null
  sourceIp: string | null
  destinationIp: string | null
  protocol: 'tcp' | 'udp'
  destinationPort: number | null
  /** Which of the last three came as a filter at the source, to be shown as they came. */
  filtered: readonly ('sourceIp' | 'destinationIp' | 'destinationPort')[]
}

export interface InsightsAnalysis<Result = unknown> extends ResourceBase<IdOf<'insightsAnalysis'>> {
  pathId: IdOf<'insightsPath'>
  startedAt: number
  /** What was true then. */
  result: Result
}
