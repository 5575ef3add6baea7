/**
 * NAT gateways, the public kind: guests of subnets whose route table leads to one leave by its elastic address.
 * Source: VPC user guide, "NAT gateways". Private ones would lead to networks that there are not here.
 */
import { FaultError } from '../../domain/faults.ts'
import { newId, type IdOf, type SubnetId } from '../../domain/ids.ts'
import type { ElasticAssociation, NatGateway } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { createAddressChooser } from './addresses.ts'
import type { Change } from './change.ts'
import { baseOf, inVpc, ownGet, ownList, scopeOf } from './scope.ts'

type GatewayId = IdOf<'natGateway'>

/** Of a zone on AWS, raised on request; here of a region. */
const GATEWAYS_MAX = 200
/** Deleted ones "remain visible for about an hour". */
const VISIBLE_MS = 3_600_000

export interface NatGatewayRequest {
  subnetId: SubnetId
  allocationId: IdOf<'elasticAddress'>
  privateAddress: string | null
  clientToken: string | null
  tags: Tags
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
  const address = await ownGet(ctx, tx, 'elasticAddress', request.allocationId)
  const { vpcId } = subnet
  const reference = { name: 'elastic', value: address.id }
  const [holder] = await tx.list('networkInterface', { reference })
  const taken = holder?.elasticAddresses?.find((each) => each.allocationId === address.id)
  if (taken) throw new FaultError({ type: 'AlreadyAssociated', id: address.id, with: taken.id })
  if ((await inVpc(ctx, tx, 'internetGateway', vpcId)).length === 0) {
    throw new FaultError({ type: 'NotAttached', kind: 'internetGateway', id: '', to: vpcId })
  }
  const chooser = createAddressChooser(tx, random, settings.publicPool)
  const privateAddress = await chooser.privateAddress(subnet, request.privateAddress)
  const id = newId('natGateway', random)
  const association: ElasticAssociation = {
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
    elasticAddresses: [association],
    hasPublicOnLaunch: false,
    groupIds: [],
    isSourceDestChecked: false,
    attachment: null,
    natGatewayId: id,
  })
  const where = { vpcId, subnetId: subnet.id, interfaceId: one.id }
  const gateway = { ...baseOf(ctx, request.tags), ...where, id, address: association }
  await tx.insert('natGateway', { ...gateway, deletedAt: null })
  return id
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
