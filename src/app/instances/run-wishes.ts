/** What a launch may wish of addresses and placement: types alone, for whoever describes a launch. */
import type { IdOf } from '../../domain/ids.ts'

export interface Ipv6Wish {
  /** null: any free one. */
  addresses: readonly (string | null)[]
  /** The first stays as long as the interface does. */
  isPrimaryKept: boolean
}

export interface PlacementWish {
  group: { id: IdOf<'placementGroup'> | null; name: string | null }
  partitionNumber: number | null
}
