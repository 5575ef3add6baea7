/** VPC peering connections: who asked whom, and what became of it. */
import type { IdOf, VpcId } from './ids.ts'
import type { ResourceBase } from './resource.ts'

/** One side, as it was when the connection was asked for: also what is gone must be told. */
export interface PeeringSide {
  account: string
  region: string
  vpcId: VpcId
  cidrs: readonly string[]
  /** Public names of the other side's instances are answered with their private addresses. */
  isDnsResolved: boolean
}

export type PeeringStatus = 'pending-acceptance' | 'active' | 'rejected' | 'deleted' | 'failed'

export interface Peering extends ResourceBase<IdOf<'vpcPeering'>> {
  requester: PeeringSide
  accepter: PeeringSide
  status: PeeringStatus
  statusMessage: string
  statusSince: number
}

/** "If no action is taken within 7 days, the request expires." */
export const PEERING_REQUEST_MS = 7 * 24 * 3_600_000

/** The side that a VPC is not. */
export function peeringOther(peering: Peering, vpcId: string): PeeringSide {
  return peering.requester.vpcId === vpcId ? peering.accepter : peering.requester
}

export function isPeeringExpired({ status, createdAt }: Peering, now: number): boolean {
  return status === 'pending-acceptance' && now >= createdAt + PEERING_REQUEST_MS
}
