/**
 * One packet's way, step by step. Every judgement on it that says no is noted, and the walk goes on as long as there is
 * a way, so that somebody who opens one thing need not come back for the next.
 */
import type { NatGateway, NetworkInterface, Subnet } from '../../../domain/network.ts'
import { addressesOf, subnetCidrs, vpcCidrs } from '../../../domain/network.ts'
import { block6Address, isIpv6 } from '../../../domain/net/blocks.ts'
import { cidrAddress, cidrParse } from '../../../domain/net/cidr.ts'
import { peeringOther } from '../../../domain/peering.ts'
import type { Block, BlockKind, Hop, Packet } from '../../../domain/reach.ts'
import { aclVerdict, groupRuleFor } from './judge.ts'
import { isPublicSubnet, routeFor } from './routes.ts'
import {
  interfaceOfPublic,
  interfaceWith,
  isIn,
  isLive,
  publicOf,
  type ReachState,
} from './state.ts'
import { aclRemedy, groupRemedy, trafficText } from './words.ts'

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']
/** Appliances that send to each other in a circle. */
const APPLIANCES_MAX = 8

/** Where a packet came to. `to` null: somebody outside. */
export interface Arrival {
  to: NetworkInterface | null
  /** As it arrived: what translation made of it. */
  packet: Packet
}

export interface WalkContext {
  state: ReachState
  blocks: Block[]
  hops: Hop[]
  /** Of an answer: to whom it goes back, whatever address stood for him. */
  caller: { one: NetworkInterface; address: string } | null
}

function note(walk: WalkContext, component: string, text: string, packet: Packet): void {
  walk.hops.push({ component, text, packet })
}

function block(
  walk: WalkContext,
  kind: BlockKind,
  component: string,
  direction: Block['direction'],
  packet: Pick<Packet, 'isAnswer'>,
  text: string,
  remedy = '',
): void {
  walk.blocks.push({ kind, component, direction, isAnswer: packet.isAnswer, text, remedy })
}

const subnetOf = ({ state }: WalkContext, one: Pick<NetworkInterface, 'subnetId'>): Subnet =>
  state.subnets.get(one.subnetId)!

export function leave(
  walk: WalkContext,
  one: NetworkInterface,
  packet: Packet,
  appliances = 0,
): Arrival | null {
  const subnet = subnetOf(walk, one)
  note(walk, one.id, `${one.id} sends`, packet)
  mustRun(walk, one, packet, 'egress')
  groupsJudge(walk, one, packet, 'egress')
  if (subnetCidrs(subnet).some((cidr) => isIn(packet.destination, cidr))) {
    return deliver(walk, one.vpcId, packet, subnet)
  }
  aclJudge(walk, subnet, packet, 'egress')
  return follow(walk, subnet, one, packet, appliances)
}

function follow(
  walk: WalkContext,
  subnet: Subnet,
  sender: NetworkInterface,
  packet: Packet,
  appliances: number,
): Arrival | null {
  const { state } = walk
  const choice = routeFor(state, subnet, packet.destination)
  const { table, route } = choice
  if (!route) {
    const text = `${table.id} of ${subnet.id} has no route to ${packet.destination}.`
    const remedy = `Add a route to ${table.id} that covers ${packet.destination}.`
    block(walk, 'noRoute', table.id, 'egress', packet, text, remedy)
    return null
  }
  const { target, destination } = route
  const name = 'id' in target ? target.id : 'local'
  note(walk, table.id, `route ${destination} → ${name}`, packet)
  if (!('isActive' in choice) || !choice.isActive) {
    const text = `The route ${destination} of ${table.id} leads to ${name}, which is gone or detached.`
    const remedy = `Replace the route ${destination} of ${table.id}.`
    block(walk, 'blackhole', table.id, 'egress', packet, text, remedy)
    return null
  }
  switch (target.type) {
    case 'local':
      return deliver(walk, subnet.vpcId, packet, subnet)
    case 'internetGateway':
      return leaveByGateway(walk, target.id, sender, packet)
    case 'egressOnlyGateway':
      note(walk, target.id, 'leaves, and only its answer comes back', packet)
      return internet(walk, packet)
    case 'natGateway':
      return leaveByNat(walk, state.targets.natGateways.get(target.id)!, sender, packet)
    case 'peering':
      return crossPeering(walk, target.id, subnet, packet)
    case 'networkInterface': {
      const appliance = state.targets.interfaces.get(target.id)!
      return throughAppliance(walk, appliance, subnet, packet, appliances)
    }
  }
}

function leaveByGateway(
  walk: WalkContext,
  gatewayId: string,
  sender: NetworkInterface,
  packet: Packet,
): Arrival | null {
  // An IPv6 address is its own outside.
  const source = isIpv6(packet.source) ? packet.source : publicOf(sender, packet.source)
  if (source === undefined) {
    const text = `${sender.id} has no public address for ${packet.source}; ${gatewayId} lets nothing else out.`
    const remedy = 'Associate an elastic address, or route by a NAT gateway.'
    block(walk, 'noPublicAddress', gatewayId, 'egress', packet, text, remedy)
    return null
  }
  const out = { ...packet, source }
  note(walk, gatewayId, `leaves as ${source}`, out)
  return internet(walk, out)
}

function leaveByNat(
  walk: WalkContext,
  gateway: NatGateway,
  sender: NetworkInterface,
  packet: Packet,
): Arrival | null {
  const { state } = walk
  const subnet = subnetOf(walk, gateway)
  const { address } = gateway
  const source = address?.publicAddress ?? gateway.privateAddress!
  const out = { ...packet, source }
  note(walk, gateway.id, `leaves as ${source}`, out)
  if (address) {
    if (isPublicSubnet(state, subnet, source)) return internet(walk, out)
    const text = `The subnet ${subnet.id} of ${gateway.id} leads to no internet gateway.`
    const remedy = `Route ${subnet.id} to an internet gateway.`
    block(walk, 'noGateway', gateway.id, 'egress', packet, text, remedy)
    return null
  }
  const choice = routeFor(state, subnet, packet.destination)
  const inner = choice.route?.target.type
  const isOnward = inner === 'peering' || inner === 'networkInterface'
  if (isOnward) return follow(walk, subnet, sender, out, 0)
  const text = `The subnet ${subnet.id} of the private ${gateway.id} leads ${packet.destination} nowhere that it could go.`
  const remedy = `Route ${packet.destination} to a peering or an interface in ${choice.table.id}.`
  block(walk, 'noRoute', gateway.id, 'egress', packet, text, remedy)
  return null
}

function crossPeering(
  walk: WalkContext,
  id: string,
  subnet: Subnet,
  packet: Packet,
): Arrival | null {
  const { state } = walk
  const side = peeringOther(state.targets.peerings.get(id)!, subnet.vpcId)
  const cidrsOf = (vpcId: string): string[] => {
    const vpc = state.vpcs.get(vpcId)
    return vpc ? vpcCidrs(vpc) : []
  }
  const isInside =
    cidrsOf(side.vpcId).some((cidr) => isIn(packet.destination, cidr)) &&
    cidrsOf(subnet.vpcId).some((cidr) => isIn(packet.source, cidr))
  if (!isInside) {
    const text = `${id} carries only what goes from one VPC's own addresses to the other's.`
    block(walk, 'notInPeer', id, 'egress', packet, text, `Reach ${packet.destination} another way.`)
    return null
  }
  note(walk, id, `to ${side.vpcId}`, packet)
  return deliver(walk, side.vpcId, packet, null)
}

function throughAppliance(
  walk: WalkContext,
  appliance: NetworkInterface,
  from: Subnet,
  packet: Packet,
  appliances: number,
): Arrival | null {
  arrive(walk, appliance, packet, from)
  if (appliance.isSourceDestChecked) {
    const text = `${appliance.id} is to pass on what is not its own, and its source/destination check is on.`
    const remedy = `Switch the source/destination check of ${appliance.id} off.`
    block(walk, 'sourceDestCheck', appliance.id, 'egress', packet, text, remedy)
    return null
  }
  if (appliances >= APPLIANCES_MAX) {
    block(walk, 'unknownBeyond', appliance.id, 'egress', packet, 'The routes go in a circle.')
    return null
  }
  note(walk, appliance.id, 'passes it on, if its guest forwards', packet)
  // What it is routed for may be its own all the same.
  if (addressesOf(appliance).includes(packet.destination)) return { to: appliance, packet }
  return leave(walk, appliance, packet, appliances + 1)
}

/** Out of every VPC: to whom the public address stands for, or to the world. */
export function internet(walk: WalkContext, packet: Packet): Arrival | null {
  const { state, caller } = walk
  if (PRIVATE.some((cidr) => isIn(packet.destination, cidr))) {
    const text = `The internet leads to no private address such as ${packet.destination}.`
    const remedy = `Route ${packet.destination} to a peering or an interface.`
    block(walk, 'noRoute', 'internet', 'egress', packet, text, remedy)
    return null
  }
  if (caller) {
    const back = { ...packet, destination: caller.address }
    return arriveFromOutside(walk, caller.one, back)
  }
  const found = interfaceOfPublic(state, packet.destination)
  if (found) {
    const into = { ...packet, destination: found.privateAddress }
    if (isPublicSubnet(state, subnetOf(walk, found.one), packet.destination)) {
      return arriveFromOutside(walk, found.one, into)
    }
    const text = `The subnet of ${found.one.id} leads to no internet gateway: its public address is dead.`
    const remedy = `Route ${found.one.subnetId} to an internet gateway.`
    block(walk, 'noGateway', found.one.subnetId, 'ingress', packet, text, remedy)
    return null
  }
  const isHost = hostAddresses(state).includes(packet.destination)
  const isOurs = [state.publicPool, state.ipv6Pool].some((pool) => isIn(packet.destination, pool))
  if (isOurs && !isHost) {
    const text = `Nobody has the public address ${packet.destination}.`
    block(walk, 'nobody', packet.destination, 'ingress', packet, text)
    return null
  }
  note(walk, 'internet', isHost ? 'the host' : 'the internet', packet)
  return { to: null, packet }
}

/** Of each pool the first. */
function hostAddresses({ publicPool, ipv6Pool }: ReachState): string[] {
  return [cidrAddress(cidrParse(publicPool), 1), block6Address(ipv6Pool, 1n)]
}

function arriveFromOutside(walk: WalkContext, one: NetworkInterface, packet: Packet): Arrival {
  arrive(walk, one, packet, null)
  return { to: one, packet }
}

/** To a private address in a VPC. `from`: the subnet it comes from, when it is of the same VPC. */
function deliver(
  walk: WalkContext,
  vpcId: string,
  packet: Packet,
  from: Subnet | null,
): Arrival | null {
  const { state, caller } = walk
  const found = interfaceWith(state, vpcId, packet.destination)
  if (!found) {
    const text = `Nobody in ${vpcId} has the address ${packet.destination}.`
    block(walk, 'nobody', packet.destination, 'ingress', packet, text)
    return null
  }
  // A private NAT gateway remembers for whom it asked.
  if (found.natGatewayId && caller) {
    const back = { ...packet, destination: caller.address }
    note(walk, found.natGatewayId, `back to ${caller.address}`, back)
    arrive(walk, caller.one, back, null)
    return { to: caller.one, packet: back }
  }
  if (found.natGatewayId) {
    const text = `${packet.destination} is a NAT gateway, which takes no connections.`
    block(walk, 'nobody', found.natGatewayId, 'ingress', packet, text)
    return null
  }
  arrive(walk, found, packet, from)
  return { to: found, packet }
}

function arrive(
  walk: WalkContext,
  one: NetworkInterface,
  packet: Packet,
  from: Subnet | null,
): void {
  const subnet = subnetOf(walk, one)
  if (from?.id !== subnet.id) aclJudge(walk, subnet, packet, 'ingress')
  groupsJudge(walk, one, packet, 'ingress')
  mustRun(walk, one, packet, 'ingress')
  note(walk, one.id, `${one.id} receives`, packet)
}

function mustRun(
  walk: WalkContext,
  one: NetworkInterface,
  packet: Packet,
  direction: Block['direction'],
): void {
  if (isLive(walk.state, one)) return
  const instance = one.attachment?.instanceId
  const text = instance
    ? `The instance ${instance} of ${one.id} is not running.`
    : `${one.id} is attached to no instance.`
  block(walk, 'notRunning', instance ?? one.id, direction, packet, text, 'Start the instance.')
}

/** Answers pass: groups remember connections. */
function groupsJudge(
  walk: WalkContext,
  one: NetworkInterface,
  packet: Packet,
  direction: Block['direction'],
): void {
  if (packet.isAnswer) return
  const found = groupRuleFor(walk.state, one, packet, direction)
  if (found) return note(walk, found.groupId, `${found.rule.id} allows ${direction}`, packet)
  const names = one.groupIds.join(', ')
  const other = direction === 'ingress' ? `from ${packet.source}` : `to ${packet.destination}`
  const hasRules = one.groupIds.some((id) =>
    walk.state.groups.get(id)?.rules.some((rule) => rule.isEgress === (direction === 'egress')),
  )
  const text = `No ${direction} rule of ${names} allows ${trafficText(packet)} ${other}.`
  const remedy = groupRemedy(packet, direction, one.groupIds[0] ?? names)
  const kind = hasRules ? 'groupRules' : 'groupEmpty'
  block(walk, kind, one.groupIds[0] ?? one.id, direction, packet, text, remedy)
}

function aclJudge(
  walk: WalkContext,
  subnet: Subnet,
  packet: Packet,
  direction: Block['direction'],
): void {
  const acl = walk.state.acls.find((each) =>
    each.associations.some((one) => one.subnetId === subnet.id),
  )
  if (!acl) return
  const { isAllowed, entry } = aclVerdict(acl, packet, direction === 'egress')
  const rule = entry ? `entry ${entry.ruleNumber}` : 'no entry'
  if (isAllowed) return note(walk, acl.id, `${rule} allows ${direction}`, packet)
  const what = packet.isAnswer ? `answers (${trafficText(packet)})` : trafficText(packet)
  const text = `${acl.id} of ${subnet.id} denies ${what} in ${direction}: ${rule} allows it.`
  const denied = entry ? text.replace(' allows it', ' denies it') : text
  block(walk, 'acl', acl.id, direction, packet, denied, aclRemedy(packet, direction, acl.id))
}
