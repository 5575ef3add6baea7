/**
 * Route tables: made, associated, deleted. The main association of a VPC names no subnet and stands for all that
 * have none of their own. Source: VPC user guide, "Configure route tables".
 */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type IdOf, type SubnetId, type VpcId } from '../../domain/ids.ts'
import { vpcCidrs, type RouteTable, type RouteTableAssociation } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, inVpc, ownGet, scopeOf } from './scope.ts'
import { localRoute } from './vpc-parts.ts'

type TableId = IdOf<'routeTable'>

/** AWS's quota. */
const TABLES_MAX = 200

export interface RouteTableRequest {
  vpcId: VpcId
  clientToken: string | null
  tags: Tags
}

export function routeTableCreate(ctx: Ctx, request: RouteTableRequest): Change<RouteTable> {
  return async (tx) => {
    const { result } = await onceByToken(ctx, tx, 'CreateRouteTable', request.clientToken, () =>
      tableInsert(ctx, tx, request),
    )
    return await ownGet(ctx, tx, 'routeTable', result)
  }
}

async function tableInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  { vpcId, tags }: RouteTableRequest,
): Promise<TableId> {
  const vpc = await ownGet(ctx, tx, 'vpc', vpcId)
  if ((await inVpc(ctx, tx, 'routeTable', vpcId)).length >= TABLES_MAX) {
    const reason = 'The maximum number of route tables for this VPC has been reached.'
    throw new FaultError({ type: 'LimitExceeded', kind: 'routeTable', limit: TABLES_MAX, reason })
  }
  const { id } = await tx.insert('routeTable', {
    ...baseOf(ctx, tags),
    id: newId('routeTable', ctx.app.random),
    vpcId,
    routes: vpcCidrs(vpc).map(localRoute),
    associations: [],
  })
  return id
}

/** @throws Fault `DependencyViolation` for the main table and while subnets use it. */
export function routeTableDelete(ctx: Ctx, id: TableId): Change<void> {
  return async (tx) => {
    const table = await ownGet(ctx, tx, 'routeTable', id)
    if (table.associations.length > 0) {
      const dependents = table.associations.map((each) => each.subnetId ?? each.id)
      throw new FaultError({ type: 'DependencyViolation', kind: 'routeTable', id, dependents })
    }
    await tx.remove('routeTable', table)
  }
}

export function routeTableAssociate(
  ctx: Ctx,
  tableId: TableId,
  subnetId: SubnetId,
): Change<RouteTableAssociation> {
  return async (tx) => {
    const table = await ownGet(ctx, tx, 'routeTable', tableId)
    const subnet = await ownGet(ctx, tx, 'subnet', subnetId)
    if (subnet.vpcId !== table.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [tableId, subnetId] })
    }
    for (const other of await inVpc(ctx, tx, 'routeTable', table.vpcId)) {
      const present = other.associations.find((each) => each.subnetId === subnetId)
      if (!present) continue
      if (other.id === tableId) return present
      throw new FaultError({ type: 'AlreadyAssociated', id: subnetId, with: present.id })
    }
    return await associate(ctx, tx, table, subnetId)
  }
}

async function associate(
  ctx: Ctx,
  tx: StoreTransaction,
  table: RouteTable,
  subnetId: SubnetId | null,
): Promise<RouteTableAssociation> {
  const association = { id: newId('routeTableAssociation', ctx.app.random), subnetId }
  await tx.update('routeTable', { ...table, associations: [...table.associations, association] })
  return association
}

type AssociationId = IdOf<'routeTableAssociation'>

async function associationFind(ctx: Ctx, reader: StoreReader, id: AssociationId) {
  for (const table of await reader.list('routeTable', scopeOf(ctx))) {
    const association = table.associations.find((each) => each.id === id)
    if (association) return { table, association }
  }
  throw notFound('routeTableAssociation', id)
}

/** The subnet goes back to the main table. @throws Fault `InvalidValue` for the main association. */
export function routeTableDisassociate(ctx: Ctx, id: AssociationId): Change<void> {
  return async (tx) => {
    const { table, association } = await associationFind(ctx, tx, id)
    if (association.subnetId === null) {
      const reason = `cannot disassociate the main route table association ${id}`
      throw invalidValue('associationId', id, reason)
    }
    const associations = table.associations.filter((each) => each.id !== id)
    await tx.update('routeTable', { ...table, associations })
  }
}

/** Moves an association, the main one included, to another table of the VPC; it gets a new id. */
export function routeTableReassociate(
  ctx: Ctx,
  id: AssociationId,
  tableId: TableId,
): Change<RouteTableAssociation> {
  return async (tx) => {
    const { table, association } = await associationFind(ctx, tx, id)
    const next = await ownGet(ctx, tx, 'routeTable', tableId)
    if (next.vpcId !== table.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [tableId, table.vpcId] })
    }
    if (next.id === table.id) return association
    const associations = table.associations.filter((each) => each.id !== id)
    await tx.update('routeTable', { ...table, associations })
    return await associate(ctx, tx, next, association.subnetId)
  }
}
