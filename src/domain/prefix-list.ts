/** Managed prefix lists: named sets of blocks with versions, for routes and for rules of security groups. */
import type { IdOf } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface PrefixListEntry {
  /** Canonical. */
  cidr: string
  description: string | null
}

export interface PrefixList extends ResourceBase<IdOf<'prefixList'>> {
  name: string
  family: 'IPv4' | 'IPv6'
  maxEntries: number
  /** In order; the last one is in force. */
  versions: readonly { version: number; entries: readonly PrefixListEntry[] }[]
  /** What was done last: AWS's states are made of it. */
  lastChange: 'create' | 'modify' | 'restore'
}

export function prefixListNow(list: PrefixList): PrefixList['versions'][number] {
  return list.versions.at(-1)!
}
