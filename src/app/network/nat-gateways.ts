/**
 * NAT gateways: guests of subnets whose route table leads to a public one leave by its elastic address; a private one
 * stands for them on the way to peered VPCs and appliances. Source: VPC user guide, "NAT gateways".
 */
import { FaultError } from '../../domain/faults.ts'
import { newId, type IdOf, type SubnetId, type VpcId } from '../../domain/ids.ts'
import {
  natAddresses,
  type ElasticAddress,
  type ElasticAssociation,
  type NatAddress,
  type NatGateway,
} from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { createAddressChooser, privateAddressesChoose } from './addresses.ts'
import type { Change } from './change.ts'
import { baseOf, inVpc, ownGet, ownList, scopeOf } from './scope.ts'

type GatewayId = IdOf<'natGateway'>

/** The most that AWS raises its quota to: one primary, seven more. */
const ADDRESSES_MAX = 8
/** Of a zone on AWS, raised on request; here of a region. */
const GATEWAYS_MAX = 200
/** Deleted ones "remain visible for about an hour". */
const VISIBLE_MS = 3_600_000

export interface NatGatewayRequest {
  subnetId: SubnetId
  /** null: a private one. */
  allocationId: IdOf<'elasticAddress'> | null
  privateAddress: string | null
  secondary: NatAddressesWish
  clientToken: string | null
  tags: Tags
}

/** Further addresses: those of a public gateway are elastic, each with a private one. */
export interface NatAddressesWish {
  allocationIds: readonly IdOf<'elasticAddress'>[]
  /** null: any free one. */
  privateAddresses: readonly (string | null)[]
}

/** The account's gateways, or those named. @throws Fault `NotFound`. */
export async function natGatewaysList(ctx: Ctx, ids: readonly GatewayId[]): Promise<NatGateway[]> {
  const found = await ownList(ctx, 'natGateway', ids)
  return found.filter((gateway) => isVisible(ctx, gateway))
}

function isVisible(ctx: Ctx, { deletedAt }: NatGateway): boolean {
  return deletedAt === null || deletedAt > ctx.app.clock.now() - VISIBLE_MS
}

export function natGatewayCreate(ctx: Ctx, request: NatGatewayRequest): Change<NatGateway> {
  return async (tx) => {
    const { result } = await onceByToken(ctx, tx, 'CreateNatGateway', request.clientToken, () =>
      insert(ctx, tx, request),
    )
    return await ownGet(ctx, tx, 'natGateway', result)
  }
}

async function insert(ctx: Ctx, tx: StoreTransaction, request: NatGatewayRequest) {
  const { random, settings } = ctx.app
  await forgetOld(ctx, tx)
  const subnet = await ownGet(ctx, tx, 'subnet', request.subnetId)
  const { vpcId } = subnet
  const { allocationId } = request
  const address = allocationId && (await addressFree(ctx, tx, vpcId, allocationId))
  const chooser = createAddressChooser(tx, random, settings.publicPool)
  const privateAddress = await chooser.privateAddress(subnet, request.privateAddress)
  const id = newId('natGateway', random)
  const association: ElasticAssociation | null = address && {
    id: newId('elasticAddressAssociation', random),
    allocationId: address.id,
    publicAddress: address.publicAddress,
    privateAddress,
  }
  const one = await tx.insert('networkInterface', {
    ...baseOf(ctx),
    id: newId('networkInterface', random),
    vpcId,
    subnetId: subnet.id,
    zone: subnet.zone,
    description: `Interface for NAT Gateway ${id}`,
    mac: chooser.mac(),
    privateAddresses: [privateAddress],
    publicAddress: null,
    elasticAddresses: association ? [association] : [],
    hasPublicOnLaunch: false,
    groupIds: [],
    isSourceDestChecked: false,
    attachment: null,
    natGatewayId: id,
  })
  const where = { vpcId, subnetId: subnet.id, interfaceId: one.id }
  const gateway = { ...baseOf(ctx, request.tags), ...where, id, address: association }
  const made = await tx.insert('natGateway', { ...gateway, privateAddress, deletedAt: null })
  await natAddressesAdd(ctx, tx, made, request.secondary)
  return id
}

/** Its elastic addresses are associated and its private ones taken, in its interface as in itself. */
export async function natAddressesAdd(
  ctx: Ctx,
  tx: StoreTransaction,
  gateway: NatGateway,
  { allocationIds, privateAddresses }: NatAddressesWish,
): Promise<NatAddress[]> {
  const count = Math.max(allocationIds.length, privateAddresses.length)
  if (count === 0) return []
  const { random, settings } = ctx.app
  const present = natAddresses(gateway)
  if (present.length + count > ADDRESSES_MAX) {
    const reason = `A NAT gateway has at most ${ADDRESSES_MAX} addresses.`
    const kind = 'natAddress'
    throw new FaultError({ type: 'LimitExceeded', kind, limit: ADDRESSES_MAX, reason })
  }
  const subnet = await ownGet(ctx, tx, 'subnet', gateway.subnetId)
  const chooser = createAddressChooser(tx, random, settings.publicPool)
  const wanted = Array.from({ length: count }, (_, n) => privateAddresses[n] ?? null)
  const chosen = await privateAddressesChoose(chooser, subnet, wanted)
  const added: NatAddress[] = []
  for (const [n, privateAddress] of chosen.entries()) {
    const allocationId = allocationIds[n]
    const one = allocationId && (await addressFree(ctx, tx, gateway.vpcId, allocationId))
    const association = one
      ? {
          id: newId('elasticAddressAssociation', random),
          allocationId: one.id,
          publicAddress: one.publicAddress,
          privateAddress,
        }
      : null
    added.push({ privateAddress, association })
  }
  await natAddressesSet(tx, gateway, [...(gateway.secondary ?? []), ...added])
  return added
}

export async function natAddressesSet(
  tx: StoreTransaction,
  gateway: NatGateway,
  secondary: readonly NatAddress[],
): Promise<void> {
  const after = await tx.update('natGateway', { ...gateway, secondary })
  const one = await tx.get('networkInterface', gateway.interfaceId)
  if (!one) return
  const all = natAddresses(after)
  await tx.update('networkInterface', {
    ...one,
    privateAddresses: all.map(({ privateAddress }) => privateAddress),
    elasticAddresses: all.flatMap(({ association }) => (association ? [association] : [])),
  })
}

/** The elastic address of a public one, associated with nothing, in a VPC that has a way out. */
async function addressFree(
  ctx: Ctx,
  tx: StoreTransaction,
  vpcId: VpcId,
  allocationId: IdOf<'elasticAddress'>,
): Promise<ElasticAddress> {
  const address = await ownGet(ctx, tx, 'elasticAddress', allocationId)
  const reference = { name: 'elastic', value: address.id }
  const [holder] = await tx.list('networkInterface', { reference })
  const taken = holder?.elasticAddresses?.find((each) => each.allocationId === address.id)
  if (taken) throw new FaultError({ type: 'AlreadyAssociated', id: address.id, with: taken.id })
  if ((await inVpc(ctx, tx, 'internetGateway', vpcId)).length === 0) {
    throw new FaultError({ type: 'NotAttached', kind: 'internetGateway', id: '', to: vpcId })
  }
  return address
}

async function forgetOld(ctx: Ctx, tx: StoreTransaction): Promise<void> {
  const all = await tx.list('natGateway', scopeOf(ctx))
  for (const gateway of all) if (!isVisible(ctx, gateway)) await tx.remove('natGateway', gateway)
  if (all.filter((gateway) => gateway.deletedAt === null).length < GATEWAYS_MAX) return
  const reason = 'The maximum number of NAT gateways has been reached.'
  throw new FaultError({ type: 'LimitExceeded', kind: 'natGateway', limit: GATEWAYS_MAX, reason })
}

/** Its elastic address stays the account's; routes to it lead nowhere from now on. */
export function natGatewayDelete(ctx: Ctx, id: GatewayId): Change<void> {
  return async (tx) => {
    const gateway = await ownGet(ctx, tx, 'natGateway', id)
    if (gateway.deletedAt !== null) return
    const one = await tx.get('networkInterface', gateway.interfaceId)
    if (one) await tx.remove('networkInterface', one)
    await tx.update('natGateway', { ...gateway, deletedAt: ctx.app.clock.now() })
  }
}
