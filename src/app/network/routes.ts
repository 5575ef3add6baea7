/**
 * Routes: made, replaced, deleted, and where they lead. Source: EC2 API reference (CreateRoute, ReplaceRoute,
 * DeleteRoute); VPC user guide, "Route table concepts".
 */
import { blockCanonical, blockWithin, isIpv6 } from '../../domain/net/blocks.ts'
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import type { IdOf, InstanceId, NetworkInterfaceId } from '../../domain/ids.ts'
import {
  vpcCidrs,
  type EgressOnlyGateway,
  type InternetGateway,
  type NatGateway,
  type NetworkInterface,
  type Route,
  type RouteTable,
  type RouteTarget,
} from '../../domain/network.ts'
import type { Peering } from '../../domain/peering.ts'
import type { ListQuery, StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { interfaceOfInstance } from './interfaces.ts'
import { peeringGet } from './peerings.ts'
import { isPrefixListId, prefixListNamed, prefixListSizes } from './prefix-lists.ts'
import { ownGet, ownList } from './scope.ts'

/** The most that AWS raises its quota to. */
const ROUTES_MAX = 1_000

/** What routes may lead to, to see where they really lead. */
export interface RouteTargets {
  gateways: ReadonlyMap<string, InternetGateway>
  egressOnly: ReadonlyMap<string, EgressOnlyGateway>
  interfaces: ReadonlyMap<string, NetworkInterface>
  natGateways: ReadonlyMap<string, NatGateway>
  peerings: ReadonlyMap<string, Peering>
}

/** Those of an account and region, or of a VPC; `known`: the interfaces that matter, when they are read already. */
export async function routeTargets(
  reader: StoreReader,
  query: ListQuery,
  known?: readonly NetworkInterface[],
): Promise<RouteTargets> {
  // A connection belongs to two sides: it is asked for by either.
  const side =
    query.account === undefined
      ? undefined
      : { name: 'side', value: `${query.account}/${query.region}` }
  const [gateways, egressOnly, interfaces, natGateways, peerings] = await Promise.all([
    reader.list('internetGateway', query),
    reader.list('egressOnlyGateway', query),
    known ?? reader.list('networkInterface', query),
    reader.list('natGateway', query),
    reader.list('vpcPeering', { reference: query.reference ?? side }),
  ])
  return {
    gateways: new Map(gateways.map((each) => [each.id, each])),
    egressOnly: new Map(egressOnly.map((each) => [each.id, each])),
    interfaces: new Map(interfaces.map((each) => [each.id, each])),
    natGateways: new Map(natGateways.map((each) => [each.id, each])),
    peerings: new Map(peerings.map((each) => [each.id, each])),
  }
}

/** A route to something that is gone, detached or attached to nothing leads nowhere. */
export function routeStateOf(
  table: Pick<RouteTable, 'vpcId'>,
  { target }: Route,
  targets: RouteTargets,
): 'active' | 'blackhole' {
  const isActive = (): boolean => {
    switch (target.type) {
      case 'local':
        return true
      case 'internetGateway':
        return targets.gateways.get(target.id)?.vpcId === table.vpcId
      case 'egressOnlyGateway':
        return targets.egressOnly.has(target.id)
      case 'networkInterface':
        return Boolean(targets.interfaces.get(target.id)?.attachment)
      case 'natGateway':
        return targets.natGateways.get(target.id)?.deletedAt === null
      case 'peering':
        return targets.peerings.get(target.id)?.status === 'active'
    }
  }
  return isActive() ? 'active' : 'blackhole'
}

/** A target as a request names it. */
export type RouteTargetRequest =
  | { type: 'local' }
  | { type: 'internetGateway'; id: IdOf<'internetGateway'> }
  | { type: 'networkInterface'; id: NetworkInterfaceId }
  | { type: 'natGateway'; id: IdOf<'natGateway'> }
  | { type: 'egressOnlyGateway'; id: IdOf<'egressOnlyGateway'> }
  | { type: 'peering'; id: IdOf<'vpcPeering'> }
  | { type: 'instance'; id: InstanceId }

export interface RouteRequest {
  tableId: IdOf<'routeTable'>
  destination: string
  target: RouteTargetRequest
}

/** @throws Fault `Duplicate` when the destination has a route. */
export function routeCreate(ctx: Ctx, request: RouteRequest): Change<void> {
  return async (tx) => {
    const table = await ownGet(ctx, tx, 'routeTable', request.tableId)
    const destination = await destinationOf(ctx, tx, request.destination)
    const target = await targetOf(ctx, tx, table, destination, request.target)
    if (table.routes.some((route) => route.destination === destination)) {
      throw new FaultError({ type: 'Duplicate', kind: 'route', name: destination })
    }
    const sizes = await prefixListSizes(ctx, tx)
    const weigh = (one: string): number => sizes.get(one) ?? 1
    const weight = table.routes.reduce((sum, route) => sum + weigh(route.destination), 0)
    if (weight + weigh(destination) > ROUTES_MAX) {
      const reason = 'The maximum number of routes for this route table has been reached.'
      throw new FaultError({ type: 'LimitExceeded', kind: 'route', limit: ROUTES_MAX, reason })
    }
    const route: Route = { destination, target, origin: 'CreateRoute' }
    await tx.update('routeTable', { ...table, routes: [...table.routes, route] })
  }
}

/** @throws Fault `InvalidValue` when the destination has none: there is nothing to replace. */
export function routeReplace(ctx: Ctx, request: RouteRequest): Change<void> {
  return async (tx) => {
    const table = await ownGet(ctx, tx, 'routeTable', request.tableId)
    const destination = destinationText(request.destination)
    const before = table.routes.find((route) => route.destination === destination)
    if (!before) {
      const reason = `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`
      throw invalidValue('destinationCidrBlock', destination, reason)
    }
    const target = await targetOf(ctx, tx, table, destination, request.target)
    const routes = table.routes.map((route) => (route === before ? { ...route, target } : route))
    await tx.update('routeTable', { ...table, routes })
  }
}

/** @throws Faults `NotFound`, `InvalidValue` for the local route. */
export function routeDelete(
  ctx: Ctx,
  tableId: IdOf<'routeTable'>,
  destinationGiven: string,
): Change<void> {
  return async (tx) => {
    const table = await ownGet(ctx, tx, 'routeTable', tableId)
    const destination = destinationText(destinationGiven)
    const route = table.routes.find((each) => each.destination === destination)
    if (!route) throw notFound('route', destination)
    if (route.origin === 'CreateRouteTable') {
      const reason = `cannot remove local route ${destination} in route table ${tableId}`
      throw invalidValue('destinationCidrBlock', destination, reason)
    }
    const routes = table.routes.filter((each) => each !== route)
    await tx.update('routeTable', { ...table, routes })
  }
}

/** Canonical: a block, or the id of a prefix list. */
function destinationText(text: string): string {
  if (isPrefixListId(text)) return text
  return blockCanonical(text, isIpv6(text) ? 'destinationIpv6CidrBlock' : 'destinationCidrBlock')
}

async function destinationOf(ctx: Ctx, reader: StoreReader, text: string): Promise<string> {
  if (isPrefixListId(text)) await prefixListNamed(ctx, reader, text)
  return destinationText(text)
}

/** The target, if a route of this table to this destination may lead there. */
async function targetOf(
  ctx: Ctx,
  reader: StoreReader,
  table: RouteTable,
  destination: string,
  request: RouteTargetRequest,
): Promise<RouteTarget> {
  const vpc = await ownGet(ctx, reader, 'vpc', table.vpcId)
  const blocks = vpcCidrs(vpc)
  if (request.type === 'local') {
    if (blocks.includes(destination)) return request
    const reason = 'Only the local route of the VPC leads to the local target'
    throw invalidValue('destinationCidrBlock', destination, reason)
  }
  const isList = isPrefixListId(destination)
  const isInVpc = !isList && blocks.some((block) => blockWithin(destination, block))
  if (request.type === 'internetGateway') {
    const gateway = await reader.get('internetGateway', request.id)
    if (gateway?.account !== ctx.account || gateway.region !== ctx.region) {
      throw notFound('gateway', request.id)
    }
    if (gateway.vpcId !== table.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [table.id, request.id] })
    }
    if (isInVpc) {
      const reason =
        `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR ` +
        'blocks. This route can target only an interface or an instance.'
      throw invalidValue('destinationCidrBlock', destination, reason)
    }
    return request
  }
  if (request.type === 'egressOnlyGateway') {
    const gateway = await ownGet(ctx, reader, 'egressOnlyGateway', request.id)
    if (gateway.vpcId !== table.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [table.id, request.id] })
    }
    if (!isList && !isInVpc && isIpv6(destination)) return request
    const reason = 'An egress-only internet gateway takes IPv6 that leaves the VPC'
    throw invalidValue('destinationIpv6CidrBlock', destination, reason)
  }
  if (request.type === 'natGateway') {
    if (isIpv6(destination)) {
      const feature = 'an IPv6 route to a NAT gateway'
      throw new FaultError({ type: 'Unsupported', feature })
    }
    const gateway = await reader.get('natGateway', request.id)
    const isOwn = gateway?.account === ctx.account && gateway.region === ctx.region
    if (!isOwn || gateway.deletedAt !== null) throw notFound('natGatewayOfRoute', request.id)
    if (gateway.vpcId !== table.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [table.id, request.id] })
    }
    if (!isInVpc) return request
    throw new FaultError({
      type: 'Unsupported',
      feature: 'a route within the VPC to a NAT gateway',
    })
  }
  if (request.type === 'peering') {
    const peering = await peeringGet(ctx, reader, request.id)
    const { requester, accepter, status } = peering
    if (requester.vpcId !== table.vpcId && accepter.vpcId !== table.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [table.id, request.id] })
    }
    if (status !== 'active') {
      const fault = { kind: 'vpcPeering', id: request.id, state: status } as const
      throw new FaultError({ type: 'IncorrectState', ...fault, operation: 'createRoute' })
    }
    if (!isInVpc) return request
    throw new FaultError({ type: 'Unsupported', feature: 'a route within the VPC to a peering' })
  }
  const one =
    request.type === 'networkInterface'
      ? await ownGet(ctx, reader, 'networkInterface', request.id)
      : await interfaceOfInstance(ctx, reader, request.id)
  if (one.vpcId !== table.vpcId) {
    throw new FaultError({ type: 'NetworkMismatch', ids: [table.id, one.id] })
  }
  return { type: 'networkInterface', id: one.id }
}

/** The account's tables, or those named, with what their routes lead to. */
export async function routeTableViews(ctx: Ctx, ids: readonly IdOf<'routeTable'>[]) {
  const { store } = ctx.app
  const scope = { account: ctx.account, region: ctx.region }
  const [tables, targets] = await Promise.all([
    ownList(ctx, 'routeTable', ids),
    routeTargets(store, scope),
  ])
  return { tables, targets }
}
