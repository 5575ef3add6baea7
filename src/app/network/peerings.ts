/**
 * VPC peering: asked for by one VPC's owner, accepted or rejected by the other's, ended by either. A connection is one
 * record, seen from both sides. Source: VPC Peering guide, "How VPC peering connections work" (lifecycle, limits).
 */
import { FaultError, notFound } from '../../domain/faults.ts'
import { newId, type IdOf, type VpcId } from '../../domain/ids.ts'
import { cidrOverlaps, cidrParse } from '../../domain/net/cidr.ts'
import { vpcBlocks, type Vpc } from '../../domain/network.ts'
import {
  isPeeringExpired,
  peeringOther,
  type Peering,
  type PeeringSide,
  type PeeringStatus,
} from '../../domain/peering.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, ownGet } from './scope.ts'

type PeeringId = IdOf<'vpcPeering'>

/** AWS's quotas, the first raised to its greatest value. */
const ACTIVE_MAX = 125
const PENDING_MAX = 25
/** "Visible for 2 hours" after its end. */
const VISIBLE_MS = 2 * 3_600_000

export interface PeeringRequest {
  vpcId: VpcId
  peerVpcId: VpcId
  peerAccount: string | null
  peerRegion: string | null
  tags: Tags
}

export function peeringCreate(ctx: Ctx, request: PeeringRequest): Change<Peering> {
  return async (tx) => {
    await forgetOld(ctx, tx)
    const vpc = await ownGet(ctx, tx, 'vpc', request.vpcId)
    const { account, region } = {
      account: request.peerAccount ?? ctx.account,
      region: request.peerRegion ?? ctx.region,
    }
    const found = await tx.get('vpc', request.peerVpcId)
    const other = found?.account === account && found.region === region ? found : undefined
    // Of a stranger's VPC nothing is told at once: the connection fails.
    if (!other && account === ctx.account) throw notFound('vpc', request.peerVpcId)
    const present = await peeringsOfVpc(tx, vpc.id)
    const same = present.find(
      (each) => isOpen(ctx, each) && isBetween(each, vpc.id, request.peerVpcId),
    )
    if (same?.status === 'active') {
      throw new FaultError({ type: 'Duplicate', kind: 'vpcPeering', name: same.id })
    }
    if (same) return same
    mustHaveRoom(ctx, present)
    const isPossible = other !== undefined && !isOverlapping(vpc, other)
    const failed = 'Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range'
    return await tx.insert('vpcPeering', {
      ...baseOf(ctx, request.tags),
      id: newId('vpcPeering', ctx.app.random),
      requester: sideOf(vpc),
      accepter: other
        ? sideOf(other)
        : { account, region, vpcId: request.peerVpcId, cidrs: [], isDnsResolved: false },
      status: isPossible ? 'pending-acceptance' : 'failed',
      statusMessage: isPossible ? `Pending Acceptance by ${account}` : failed,
      statusSince: ctx.app.clock.now(),
    })
  }
}

function sideOf(vpc: Vpc): PeeringSide {
  return {
    account: vpc.account,
    region: vpc.region,
    vpcId: vpc.id,
    cidrs: vpcBlocks(vpc).map((block) => block.cidrBlock),
    isDnsResolved: false,
  }
}

function isOverlapping(a: Vpc, b: Vpc): boolean {
  const blocksOf = (vpc: Vpc) => vpcBlocks(vpc).map((block) => cidrParse(block.cidrBlock))
  return blocksOf(a).some((one) => blocksOf(b).some((other) => cidrOverlaps(one, other)))
}

function isBetween({ requester, accepter }: Peering, one: string, other: string): boolean {
  const ids: string[] = [requester.vpcId, accepter.vpcId]
  return ids.includes(one) && ids.includes(other)
}

function isOpen(ctx: Ctx, peering: Peering): boolean {
  if (peering.status === 'active') return true
  return peering.status === 'pending-acceptance' && !isPeeringExpired(peering, ctx.app.clock.now())
}

function mustHaveRoom(ctx: Ctx, present: readonly Peering[]): void {
  const open = present.filter((each) => isOpen(ctx, each))
  const active = open.filter((each) => each.status === 'active').length
  const full = (kind: string, limit: number, which: string): FaultError => {
    const reason = `The maximum number of ${which} VPC peering connections has been reached.`
    return new FaultError({ type: 'LimitExceeded', kind, limit, reason })
  }
  if (active >= ACTIVE_MAX) throw full('vpcPeeringActive', ACTIVE_MAX, 'active')
  if (open.length - active < PENDING_MAX) return
  throw full('vpcPeeringPending', PENDING_MAX, 'outstanding')
}

async function forgetOld(ctx: Ctx, tx: StoreTransaction): Promise<void> {
  for (const each of await tx.list('vpcPeering', { account: ctx.account })) {
    if (!isVisible(ctx, each)) await tx.remove('vpcPeering', each)
  }
}

function isVisible(ctx: Ctx, peering: Peering): boolean {
  const limit = ctx.app.clock.now() - VISIBLE_MS
  if (peering.status === 'pending-acceptance') return !isPeeringExpired(peering, limit)
  return isOpen(ctx, peering) || peering.statusSince > limit
}

const sideKey = ({ account, region }: { account: string; region: string }) => `${account}/${region}`

/** Every connection that has the account and region on one of its sides. */
export async function peeringsList(ctx: Ctx, ids: readonly PeeringId[]): Promise<Peering[]> {
  const reference = { name: 'side', value: sideKey(ctx) }
  const all = await ctx.app.store.list('vpcPeering', { reference })
  const visible = all.filter((each) => isVisible(ctx, each))
  const missing = ids.filter((id) => !visible.some((each) => each.id === id))
  if (missing.length > 0) throw notFound('vpcPeering', ...missing)
  return ids.length === 0 ? visible : visible.filter((each) => ids.includes(each.id))
}

export async function peeringsOfVpc(reader: StoreReader, vpcId: string): Promise<Peering[]> {
  return await reader.list('vpcPeering', { reference: { name: 'vpc', value: vpcId } })
}

/** Those that packets may take. */
export async function peeringsActive(reader: StoreReader, vpcId: string): Promise<Peering[]> {
  return (await peeringsOfVpc(reader, vpcId)).filter((each) => each.status === 'active')
}

/** @throws Fault `NotFound` for whoever is on neither side. */
export async function peeringGet(ctx: Ctx, reader: StoreReader, id: string): Promise<Peering> {
  const found = await reader.get('vpcPeering', id)
  const sides = found ? [found.requester, found.accepter] : []
  if (!sides.some((side) => sideKey(side) === sideKey(ctx))) throw notFound('vpcPeering', id)
  return found!
}

export function peeringAccept(ctx: Ctx, id: PeeringId): Change<Peering> {
  return async (tx) => {
    const peering = await peeringGet(ctx, tx, id)
    mustBeAccepter(ctx, peering, 'accept')
    const { requester, accepter } = peering
    const [one, other] = [await tx.get('vpc', requester.vpcId), await tx.get('vpc', accepter.vpcId)]
    if (!one || !other || isOverlapping(one, other)) throw stateFault(peering, 'accept')
    const sides = { requester: sideOf(one), accepter: sideOf(other) }
    return await end(ctx, tx, { ...peering, ...sides }, 'active', 'Active')
  }
}

export function peeringReject(ctx: Ctx, id: PeeringId): Change<void> {
  return async (tx) => {
    const peering = await peeringGet(ctx, tx, id)
    mustBeAccepter(ctx, peering, 'reject')
    await end(ctx, tx, peering, 'rejected', `Rejected by ${ctx.account}`)
  }
}

/** Routes to it stay, and lead nowhere. */
export function peeringDelete(ctx: Ctx, id: PeeringId): Change<void> {
  return async (tx) => {
    const peering = await peeringGet(ctx, tx, id)
    if (peering.status === 'deleted') return
    const isRequester = sideKey(peering.requester) === sideKey(ctx)
    const isAllowed = isRequester ? isOpen(ctx, peering) : peering.status === 'active'
    if (!isAllowed) throw stateFault(peering, 'delete')
    await end(ctx, tx, peering, 'deleted', `Deleted by ${ctx.account}`)
  }
}

function mustBeAccepter(ctx: Ctx, peering: Peering, operation: string): void {
  if (peering.status !== 'pending-acceptance' || !isOpen(ctx, peering)) {
    throw stateFault(peering, operation)
  }
  if (sideKey(peering.accepter) === sideKey(ctx)) return
  const reason = `User ${ctx.account} cannot ${operation} peering ${peering.id}`
  throw new FaultError({ type: 'NotPermitted', kind: 'vpcPeering', id: peering.id, reason })
}

function stateFault({ id, status }: Peering, operation: string): FaultError {
  return new FaultError({
    type: 'IncorrectState',
    kind: 'vpcPeering',
    id,
    state: status,
    operation,
  })
}

async function end(
  ctx: Ctx,
  tx: StoreTransaction,
  peering: Peering,
  status: PeeringStatus,
  statusMessage: string,
): Promise<Peering> {
  const statusSince = ctx.app.clock.now()
  return await tx.update('vpcPeering', { ...peering, status, statusMessage, statusSince })
}

export interface PeeringOptions {
  /** null: unchanged. */
  requesterDns: boolean | null
  accepterDns: boolean | null
}

/** Each side may change its own options only. */
export function peeringModify(ctx: Ctx, id: PeeringId, options: PeeringOptions): Change<Peering> {
  return async (tx) => {
    const peering = await peeringGet(ctx, tx, id)
    if (peering.status !== 'active') throw stateFault(peering, 'modifyOptions')
    const changed = (side: PeeringSide, isDnsResolved: boolean | null): PeeringSide => {
      if (isDnsResolved === null) return side
      if (sideKey(side) === sideKey(ctx)) return { ...side, isDnsResolved }
      const reason = `User ${ctx.account} cannot modify the options of the other side of ${id}`
      throw new FaultError({ type: 'NotPermitted', kind: 'vpcPeering', id, reason })
    }
    return await tx.update('vpcPeering', {
      ...peering,
      requester: changed(peering.requester, options.requesterDns),
      accepter: changed(peering.accepter, options.accepterDns),
    })
  }
}

/** "You cannot add a CIDR block that overlaps with one of a peered VPC." @throws Fault `BadRange`. */
export async function mustNotMeetPeers(
  reader: StoreReader,
  vpcId: VpcId,
  cidr: string,
): Promise<void> {
  for (const peering of await peeringsActive(reader, vpcId)) {
    const other = await reader.get('vpc', peeringOther(peering, vpcId).vpcId)
    const blocks = other ? vpcBlocks(other) : []
    const met = blocks.find((block) => cidrOverlaps(cidrParse(block.cidrBlock), cidrParse(cidr)))
    if (!met) continue
    const reason = `The CIDR '${cidr}' conflicts with ${met.cidrBlock} of the peered VPC ${other!.id}.`
    throw new FaultError({ type: 'BadRange', kind: 'vpc', cidr, reason })
  }
}
