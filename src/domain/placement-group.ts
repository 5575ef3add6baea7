/** Placement groups: how the instances of a group lie to each other. */
import type { IdOf } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface PlacementGroup extends ResourceBase<IdOf<'placementGroup'>> {
  name: string
  strategy: 'cluster' | 'spread' | 'partition'
  /** null unless the strategy is `partition`. */
  partitionCount: number | null
}
