/**
 * Whether a connection would come about, by which way, and if not, everything that stands in its way and what would
 * open it. Pure: from records alone, as VPC Reachability Analyzer answers. The questions of test/host/reach.test.ts
 * are put to this function and to real packets.
 *
 * A connection is two walks: what the caller sends, and what the other answers. Groups are asked on the first only,
 * ACLs and routes on both.
 */
import { isIpv6 } from '../../../domain/net/blocks.ts'
import { addressesOf, type NetworkInterface } from '../../../domain/network.ts'
import type { Block, ReachAnswer, ReachEnd, ReachQuestion } from '../../../domain/reach.ts'
import { interfaceOfPublic, publicOf, type ReachState } from './state.ts'
import { internet, leave, type Arrival, type WalkContext } from './walk.ts'

/** Linux's own; AWS advises ACLs to allow 1024–65535. */
const EPHEMERAL = { from: 32_768, to: 60_999 }

export function reachExplain(state: ReachState, question: ReachQuestion): ReachAnswer {
  const answer: ReachAnswer = {
    isReachable: false,
    destination: null,
    forward: [],
    back: [],
    blocks: [],
  }
  const { blocks } = answer
  const { port, protocol } = question
  const from = endOf(state, question.from, 'egress', blocks)
  const to = endOf(state, question.to, 'ingress', blocks)
  if (from === undefined || to === undefined) return answer
  const ends = { end: question.to, caller: question.from.address }
  const destination = addressToCall(state, from, to, ends, blocks)
  answer.destination = destination
  if (destination === null) return answer
  const source = from ? sourceOf(from, question.from, destination) : question.from.address
  if (source === undefined || isIpv6(source) !== isIpv6(destination)) {
    const who = from?.id ?? source ?? 'outside'
    blocks.push(nobody(who, 'egress', `${who} has no address to call ${destination} from.`))
    return answer
  }
  const ports = port === null ? null : { from: port, to: port }
  const packet = { source, destination, protocol, ports, isAnswer: false }
  const there: WalkContext = { state, blocks, hops: answer.forward, caller: null }
  const arrival = from ? leave(there, from, packet) : internet(there, packet)
  if (arrival?.to) {
    const caller = from && { one: from, address: source }
    walkBack({ state, blocks, hops: answer.back, caller }, arrival as Required<Arrival>)
  }
  answer.isReachable = blocks.length === 0
  return answer
}

/** From whoever received it, to the address that he saw. */
function walkBack(walk: WalkContext, { to, packet }: Arrival): void {
  leave(walk, to!, {
    ...packet,
    source: packet.destination,
    destination: packet.source,
    ports: packet.ports && EPHEMERAL,
    isAnswer: true,
  })
}

/** null: outside; undefined: not there. */
function endOf(
  state: ReachState,
  end: ReachEnd,
  direction: Block['direction'],
  blocks: Block[],
): NetworkInterface | null | undefined {
  if (end.type === 'address') return null
  const one = state.interfaces.find((each) => each.id === end.interfaceId)
  if (!one) blocks.push(nobody(end.interfaceId, direction, `${end.interfaceId} does not exist.`))
  return one
}

function nobody(component: string, direction: Block['direction'], text: string): Block {
  return { kind: 'nobody', component, direction, isAnswer: false, text, remedy: '' }
}

/** The address that was named, or the first of the destination's family. */
function sourceOf(one: NetworkInterface, { address }: ReachEnd, other: string): string | undefined {
  return address ?? addressesOf(one).find((each) => isIpv6(each) === isIpv6(other))
}

/** In one VPC and over a peering the private address; otherwise the public one. */
function addressToCall(
  state: ReachState,
  from: NetworkInterface | null,
  to: NetworkInterface | null,
  { end, caller }: { end: ReachEnd; caller: string | undefined },
  blocks: Block[],
): string | null {
  if (!to) return end.type === 'address' ? end.address : null
  // Asked by an IPv6 address, or from one: it is the same inside and outside.
  if (end.address !== undefined && isIpv6(end.address)) return end.address
  if (caller !== undefined && isIpv6(caller) && to.ipv6Addresses?.[0]) return to.ipv6Addresses[0]
  const [primary = ''] = to.privateAddresses
  if (from && (from.vpcId === to.vpcId || isPeered(state, from.vpcId, to.vpcId))) return primary
  const address = publicOf(to, primary)
  if (address !== undefined && interfaceOfPublic(state, address)) return address
  const why = from ? "its VPC is not peered with the caller's" : 'the caller is outside'
  const text = `${to.id} has no public address, and ${why}.`
  const remedy = 'Associate an elastic address with it.'
  const block = { direction: 'ingress', isAnswer: false, text, remedy } as const
  blocks.push({ kind: 'noPublicAddress', component: to.id, ...block })
  return null
}

function isPeered({ targets }: ReachState, one: string, other: string): boolean {
  return [...targets.peerings.values()].some(({ status, requester, accepter }) => {
    const sides: string[] = [requester.vpcId, accepter.vpcId]
    return status === 'active' && sides.includes(one) && sides.includes(other)
  })
}
