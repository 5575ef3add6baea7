/**
 * What every resource of the cloud has, as the store saves it: a plain JSON document with an owner, a region and a
 * generation. Every write is a compare-and-set on the generation. The kinds are in resource-types.ts.
 */

/** Fields every stored resource has. Times are milliseconds since the epoch. */
export interface ResourceBase<Id extends string> {
  id: Id
  account: string
  /** The region name, or `*` for what is the same in every region (public images). */
  region: string
  /** Grows by one with every write. 0: not stored yet. */
  generation: number
  createdAt: number
  tags: Tags
}

export type Tags = Readonly<Record<string, string>>
