/**
 * Elastic addresses: allocated, associated with a private address of an interface, released. The association is kept
 * in the interface, so that what is shown, planned and told to guests reads one record. Source: EC2 user guide,
 * "Elastic IP addresses", "Amazon EC2 instance IP addressing".
 */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type IdOf, type InstanceId, type NetworkInterfaceId } from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import {
  managerOf,
  type ElasticAddress,
  type ElasticAssociation,
  type NetworkInterface,
} from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { createAddressChooser } from './addresses.ts'
import type { Change } from './change.ts'
import { interfaceOfInstance } from './interfaces.ts'
import { baseOf, inVpc, ownGet, ownList, scopeOf } from './scope.ts'

/** AWS's quota is 5 and is raised on request; ours are not scarce. */
export const ELASTIC_ADDRESSES_MAX = 500

export interface ElasticAddressView {
  address: ElasticAddress
  association: ElasticAssociation | null
  networkInterface: NetworkInterface | null
}

/** The account's addresses, or those named by id or by address. @throws Fault `NotFound`. */
export async function elasticAddressViews(
  ctx: Ctx,
  asked: { ids: readonly IdOf<'elasticAddress'>[]; addresses: readonly string[] },
): Promise<ElasticAddressView[]> {
  const all = await ownList(ctx, 'elasticAddress', asked.ids)
  const missing = asked.addresses.filter((text) => !all.some((one) => one.publicAddress === text))
  if (missing.length > 0) throw notFound('address', ...missing)
  const chosen = all.filter(
    (one) => asked.addresses.length === 0 || asked.addresses.includes(one.publicAddress),
  )
  const holders = new Map<string, NetworkInterface>()
  for (const one of await ownList(ctx, 'networkInterface')) {
    for (const each of one.elasticAddresses ?? []) holders.set(each.allocationId, one)
  }
  return chosen.map((address) => {
    const networkInterface = holders.get(address.id) ?? null
    return { address, association: associationOf(networkInterface, address.id), networkInterface }
  })
}

function associationOf(one: NetworkInterface | null, id: string): ElasticAssociation | null {
  return one?.elasticAddresses?.find((each) => each.allocationId === id) ?? null
}

/** `wanted`: one that was released before, if nobody has it now. */
export function elasticAddressAllocate(
  ctx: Ctx,
  request: { wanted: string | null; tags: Tags },
): Change<ElasticAddress> {
  return async (tx) => {
    if ((await tx.count('elasticAddress', scopeOf(ctx))) >= ELASTIC_ADDRESSES_MAX) {
      const reason = 'The maximum number of addresses has been reached.'
      const kind = 'elasticAddress'
      throw new FaultError({ type: 'LimitExceeded', kind, limit: ELASTIC_ADDRESSES_MAX, reason })
    }
    const { random, settings } = ctx.app
    const chooser = createAddressChooser(tx, random, settings.publicPool)
    const publicAddress = await chooser.publicAddress(request.wanted)
    const id = newId('elasticAddress', random)
    return await tx.insert('elasticAddress', { ...baseOf(ctx, request.tags), id, publicAddress })
  }
}

/** @throws Fault `InUse` while it is associated. */
export function elasticAddressRelease(ctx: Ctx, id: IdOf<'elasticAddress'>): Change<void> {
  return async (tx) => {
    const address = await ownGet(ctx, tx, 'elasticAddress', id)
    const holder = await holderOf(tx, id)
    if (holder) {
      const fault = { kind: 'elasticAddress', id: address.publicAddress, by: holder.id } as const
      throw new FaultError({ type: 'InUse', ...fault })
    }
    if (address.reverseName) throw locked(address)
    await tx.remove('elasticAddress', address)
  }
}

function locked({ publicAddress }: ElasticAddress): FaultError {
  const message =
    `The address ${publicAddress} cannot be released: it has a name of reverse DNS. ` +
    'Remove that first, by ResetAddressAttribute.'
  return new FaultError({ type: 'Service', code: 'InvalidAddress.Locked', message })
}

/** A host name as DNS has it (RFC 1123, section 2.1), at least of two labels, with or without a dot at its end. */
const DOMAIN_NAME =
  /^(?=.{4,254}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z][a-z\d-]{0,61}[a-z\d]\.?$/i

/**
 * What the address is called when it is looked up; null: nothing of its owner's. In force at once: within VPCs of the
 * account the name and the address lead to each other. @throws Fault `InvalidValue` for what is no host name.
 */
export function elasticAddressName(
  ctx: Ctx,
  id: IdOf<'elasticAddress'>,
  name: string | null,
): Change<ElasticAddress> {
  return async (tx) => {
    if (name !== null && !DOMAIN_NAME.test(name)) {
      throw invalidValue('DomainName', name, 'it is not a host name, such as mail.example.com')
    }
    const address = await ownGet(ctx, tx, 'elasticAddress', id)
    const reverseName = name === null ? null : `${name.toLowerCase().replace(/\.$/, '')}.`
    return tx.update('elasticAddress', { ...address, reverseName })
  }
}

async function holderOf(reader: StoreReader, id: string): Promise<NetworkInterface | null> {
  const reference = { name: 'elastic', value: id }
  return (await reader.list('networkInterface', { reference }))[0] ?? null
}

export type ElasticAddressName =
  | { type: 'id'; id: IdOf<'elasticAddress'> }
  | { type: 'address'; address: string }

export interface AssociateRequest {
  address: ElasticAddressName
  target: { type: 'instance'; id: InstanceId } | { type: 'interface'; id: NetworkInterfaceId }
  /** null: the primary one. */
  privateAddress: string | null
  /** Whether an association of the address, or of the private address, may be ended for it. */
  mayReassociate: boolean
}

export function elasticAddressAssociate(
  ctx: Ctx,
  request: AssociateRequest,
): Change<ElasticAssociation> {
  return async (tx) => {
    const address = await addressOf(ctx, tx, request.address)
    const target = await targetOf(ctx, tx, request.target)
    const privateAddress = request.privateAddress ?? target.privateAddresses[0]!
    if (!target.privateAddresses.includes(privateAddress)) {
      throw invalidValue('PrivateIpAddress', privateAddress, `not an address of ${target.id}`)
    }
    if ((await inVpc(ctx, tx, 'internetGateway', target.vpcId)).length === 0) {
      throw new FaultError({
        type: 'NotAttached',
        kind: 'internetGateway',
        id: '',
        to: target.vpcId,
      })
    }
    const holder = await holderOf(tx, address.id)
    mustNotBeManaged(target)
    if (holder) mustNotBeManaged(holder)
    const before = associationOf(holder, address.id)
    if (holder?.id === target.id && before?.privateAddress === privateAddress) return before
    const inTheWay =
      before ?? target.elasticAddresses?.find((each) => each.privateAddress === privateAddress)
    if (inTheWay && !request.mayReassociate) {
      const id = before ? address.id : target.id
      throw new FaultError({ type: 'AlreadyAssociated', id, with: inTheWay.id })
    }
    if (holder && holder.id !== target.id) await dissociate(ctx, tx, holder, address.id)
    const association: ElasticAssociation = {
      id: newId('elasticAddressAssociation', ctx.app.random),
      allocationId: address.id,
      publicAddress: address.publicAddress,
      privateAddress,
    }
    const kept = (target.elasticAddresses ?? []).filter(
      (each) => each.privateAddress !== privateAddress && each.allocationId !== address.id,
    )
    const isPrimary = privateAddress === target.privateAddresses[0]
    await tx.update('networkInterface', {
      ...target,
      elasticAddresses: [...kept, association],
      // "We release the public IP address for your instance when you associate an Elastic IP address with it."
      publicAddress: isPrimary ? null : target.publicAddress,
    })
    return association
  }
}

/** The address of a NAT gateway is the gateway's, as long as it lives. */
export function mustNotBeManaged(one: NetworkInterface): void {
  const { id } = one
  const manager = managerOf(one)
  if (!manager) return
  const reason = `The network interface '${id}' belongs to ${manager}`
  throw new FaultError({ type: 'NotPermitted', kind: 'networkInterface', id, reason })
}

async function addressOf(
  ctx: Ctx,
  reader: StoreReader,
  name: ElasticAddressName,
): Promise<ElasticAddress> {
  if (name.type === 'id') return await ownGet(ctx, reader, 'elasticAddress', name.id)
  const all = await reader.list('elasticAddress', scopeOf(ctx))
  const found = all.find((one) => one.publicAddress === name.address)
  if (!found) throw notFound('address', name.address)
  return found
}

async function targetOf(
  ctx: Ctx,
  reader: StoreReader,
  target: AssociateRequest['target'],
): Promise<NetworkInterface> {
  if (target.type === 'interface') return await ownGet(ctx, reader, 'networkInterface', target.id)
  const instance = await ownGet(ctx, reader, 'instance', target.id)
  const state = instanceStateOf(instance)
  if (state === 'pending' || state === 'shutting-down' || state === 'terminated') {
    const operation = 'associateAddress'
    const { id } = instance
    throw new FaultError({ type: 'IncorrectState', kind: 'instance', id, state, operation })
  }
  return await interfaceOfInstance(ctx, reader, target.id)
}

/** By the association, or by the address. @throws Fault `NotFound`. */
export function elasticAddressDisassociate(
  ctx: Ctx,
  name: { type: 'association'; id: IdOf<'elasticAddressAssociation'> } | ElasticAddressName,
): Change<void> {
  return async (tx) => {
    if (name.type !== 'association') {
      const address = await addressOf(ctx, tx, name)
      const holder = await holderOf(tx, address.id)
      if (!holder) throw notFound('elasticAddressAssociation', address.publicAddress)
      mustNotBeManaged(holder)
      return await dissociate(ctx, tx, holder, address.id)
    }
    for (const one of await tx.list('networkInterface', scopeOf(ctx))) {
      const found = one.elasticAddresses?.find((each) => each.id === name.id)
      if (!found) continue
      mustNotBeManaged(one)
      return await dissociate(ctx, tx, one, found.allocationId)
    }
    throw notFound('elasticAddressAssociation', name.id)
  }
}

async function dissociate(
  ctx: Ctx,
  tx: StoreTransaction,
  one: NetworkInterface,
  allocationId: string,
): Promise<void> {
  const elasticAddresses = one.elasticAddresses!.filter(
    (each) => each.allocationId !== allocationId,
  )
  const bare = { ...one, elasticAddresses }
  const isDue = await isPublicDue(tx, bare)
  const chooser = createAddressChooser(tx, ctx.app.random, ctx.app.settings.publicPool)
  const publicAddress = isDue ? await chooser.publicAddress() : one.publicAddress
  await tx.update('networkInterface', { ...bare, publicAddress })
}

/**
 * "When you disassociate the Elastic IP address from your instance, it receives a new public IP address", unless it
 * never had one, has several interfaces or an elastic address of a secondary private one, or does not run.
 */
async function isPublicDue(reader: StoreReader, one: NetworkInterface): Promise<boolean> {
  const { attachment } = one
  const hasElastic = (one.elasticAddresses ?? []).length > 0
  if (!one.hasPublicOnLaunch || hasElastic || one.publicAddress || !attachment) return false
  const instance = await reader.get('instance', attachment.instanceId)
  const state = instance && instanceStateOf(instance)
  if (state !== 'running' && state !== 'pending') return false
  const reference = { name: 'instance', value: attachment.instanceId }
  return (await reader.count('networkInterface', { reference })) === 1
}
