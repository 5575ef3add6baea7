/**
 * Network ACLs: made, changed, put in another's place, deleted. Every subnet has exactly one. Source: VPC user
 * guide, "Network ACLs"; EC2 API reference (CreateNetworkAclEntry and its siblings).
 */
import { cidrFormat, cidrParse } from '../../domain/net/cidr.ts'
import { cidr6Canonical } from '../../domain/net/cidr6.ts'
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type IdOf, type VpcId } from '../../domain/ids.ts'
import type { NetworkAcl, NetworkAclEntry } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, inVpc, ownGet, scopeOf } from './scope.ts'
import { lastEntries } from './vpc-parts.ts'

type AclId = IdOf<'networkAcl'>

/** AWS's quota. */
const ACLS_MAX = 200
/** In each direction: the most that AWS raises its quota to. */
const ENTRIES_MAX = 40
const RULE_NUMBER_MAX = 32_766
const PORT_MAX = 65_535
const ICMP_MAX = 255
const PROTOCOLS: Readonly<Record<string, string>> = { tcp: '6', udp: '17', icmp: '1', icmpv6: '58' }

export interface AclRequest {
  vpcId: VpcId
  clientToken: string | null
  tags: Tags
}

/** It denies everything until it has entries. */
export function aclCreate(ctx: Ctx, request: AclRequest): Change<NetworkAcl> {
  return async (tx) => {
    const { result } = await onceByToken(ctx, tx, 'CreateNetworkAcl', request.clientToken, () =>
      aclInsert(ctx, tx, request),
    )
    return await ownGet(ctx, tx, 'networkAcl', result)
  }
}

async function aclInsert(ctx: Ctx, tx: StoreTransaction, request: AclRequest): Promise<AclId> {
  const { vpcId, tags } = request
  const vpc = await ownGet(ctx, tx, 'vpc', vpcId)
  if ((await inVpc(ctx, tx, 'networkAcl', vpcId)).length >= ACLS_MAX) {
    const reason = 'The maximum number of network ACLs for this VPC has been reached.'
    throw new FaultError({ type: 'LimitExceeded', kind: 'networkAcl', limit: ACLS_MAX, reason })
  }
  const { id } = await tx.insert('networkAcl', {
    ...baseOf(ctx, tags),
    id: newId('networkAcl', ctx.app.random),
    vpcId,
    isDefault: false,
    entries: lastEntries(vpc),
    associations: [],
  })
  return id
}

/** @throws Faults `InvalidValue` for the default one, `DependencyViolation` while subnets have it. */
export function aclDelete(ctx: Ctx, id: AclId): Change<void> {
  return async (tx) => {
    const acl = await ownGet(ctx, tx, 'networkAcl', id)
    if (acl.isDefault) {
      throw invalidValue('networkAclId', id, `cannot delete default network ACL ${id}`)
    }
    if (acl.associations.length > 0) {
      const dependents = acl.associations.map((each) => each.subnetId)
      throw new FaultError({ type: 'DependencyViolation', kind: 'networkAcl', id, dependents })
    }
    await tx.remove('networkAcl', acl)
  }
}

export interface AclEntryRequest {
  aclId: AclId
  ruleNumber: number
  isEgress: boolean
  isAllow: boolean
  /** A name or a number. */
  protocol: string
  cidrBlock: string | null
  cidrBlock6: string | null
  ports: { from: number | undefined; to: number | undefined } | null
  icmp: { type: number | undefined; code: number | undefined } | null
}

/** @throws Faults `Duplicate`, `LimitExceeded`. */
export function aclEntryCreate(ctx: Ctx, request: AclEntryRequest): Change<void> {
  return async (tx) => {
    const acl = await ownGet(ctx, tx, 'networkAcl', request.aclId)
    const entry = entryChecked(request)
    if (acl.entries.some((each) => isSame(each, entry))) {
      const name = String(entry.ruleNumber)
      throw new FaultError({ type: 'Duplicate', kind: 'networkAclEntry', name })
    }
    const present = acl.entries.filter((each) => each.isEgress === entry.isEgress)
    if (present.length > ENTRIES_MAX) {
      const reason = 'The maximum number of network ACL entries has been reached.'
      const kind = 'networkAclEntry'
      throw new FaultError({ type: 'LimitExceeded', kind, limit: ENTRIES_MAX, reason })
    }
    await tx.update('networkAcl', { ...acl, entries: sorted([...acl.entries, entry]) })
  }
}

/** @throws Fault `NotFound`. */
export function aclEntryReplace(ctx: Ctx, request: AclEntryRequest): Change<void> {
  return async (tx) => {
    const acl = await ownGet(ctx, tx, 'networkAcl', request.aclId)
    const entry = entryChecked(request)
    if (!acl.entries.some((each) => isSame(each, entry))) {
      throw notFound('networkAclEntry', String(entry.ruleNumber))
    }
    const entries = acl.entries.map((each) => (isSame(each, entry) ? entry : each))
    await tx.update('networkAcl', { ...acl, entries })
  }
}

export function aclEntryDelete(
  ctx: Ctx,
  aclId: AclId,
  which: { ruleNumber: number; isEgress: boolean },
): Change<void> {
  return async (tx) => {
    const acl = await ownGet(ctx, tx, 'networkAcl', aclId)
    numberMustFit(which.ruleNumber)
    const entries = acl.entries.filter((each) => !isSame(each, which))
    if (entries.length === acl.entries.length) {
      throw notFound('networkAclEntry', String(which.ruleNumber))
    }
    await tx.update('networkAcl', { ...acl, entries })
  }
}

type EntryName = Pick<NetworkAclEntry, 'ruleNumber' | 'isEgress'>

function isSame(a: EntryName, b: EntryName): boolean {
  return a.ruleNumber === b.ruleNumber && a.isEgress === b.isEgress
}

/** As EC2 lists them: out before in, by number. */
function sorted(entries: readonly NetworkAclEntry[]): NetworkAclEntry[] {
  return entries.toSorted(
    (a, b) => Number(b.isEgress) - Number(a.isEgress) || a.ruleNumber - b.ruleNumber,
  )
}

function numberMustFit(ruleNumber: number): void {
  if (ruleNumber >= 1 && ruleNumber <= RULE_NUMBER_MAX) return
  throw invalidValue('ruleNumber', ruleNumber, `The range is 1 to ${RULE_NUMBER_MAX}.`)
}

function entryChecked(request: AclEntryRequest): NetworkAclEntry {
  const { ruleNumber, isEgress, isAllow } = request
  numberMustFit(ruleNumber)
  const protocol = PROTOCOLS[request.protocol.toLowerCase()] ?? request.protocol
  if (protocol !== '-1' && !(/^\d{1,3}$/.test(protocol) && Number(protocol) <= ICMP_MAX)) {
    throw invalidValue('protocol', request.protocol, 'a protocol number, or -1 for all')
  }
  return {
    ruleNumber,
    isEgress,
    isAllow,
    protocol: String(Number(protocol)),
    cidrBlock: blockOf(request),
    ...matchOf(protocol, request),
  }
}

function blockOf({ cidrBlock, cidrBlock6 }: AclEntryRequest): string {
  if (cidrBlock !== null && cidrBlock6 !== null) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['CidrBlock', 'Ipv6CidrBlock'],
      reason: 'Give one block, of IPv4 or of IPv6',
    })
  }
  if (cidrBlock !== null) return cidrFormat(cidrParse(cidrBlock))
  if (cidrBlock6 !== null) return cidr6Canonical(cidrBlock6)
  throw new FaultError({ type: 'MissingParameter', parameter: 'cidrBlock' })
}

function matchOf(
  protocol: string,
  { ports, icmp }: AclEntryRequest,
): Pick<NetworkAclEntry, 'ports' | 'icmp'> {
  if (protocol === '6' || protocol === '17') {
    if (ports?.from === undefined || ports.to === undefined) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'portRange' })
    }
    const { from, to } = ports
    if (from >= 0 && from <= to && to <= PORT_MAX) return { ports: { from, to } }
    throw invalidValue('portRange', `${from}-${to}`, `Ports are 0 to ${PORT_MAX}.`)
  }
  if (protocol !== '1' && protocol !== '58') return {}
  if (icmp?.type === undefined || icmp.code === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'icmpTypeCode' })
  }
  const { type, code } = icmp
  if ([type, code].every((each) => each >= -1 && each <= ICMP_MAX)) return { icmp: { type, code } }
  throw invalidValue('icmpTypeCode', `${type}/${code}`, `Types and codes are -1 to ${ICMP_MAX}.`)
}

/** Gives the subnet of an association another ACL; the association gets a new id. */
export function aclReassociate(
  ctx: Ctx,
  id: IdOf<'networkAclAssociation'>,
  aclId: AclId,
): Change<string> {
  return async (tx) => {
    const acls = await tx.list('networkAcl', scopeOf(ctx))
    const before = acls.find((acl) => acl.associations.some((each) => each.id === id))
    if (!before) throw notFound('networkAclAssociation', id)
    const next = await ownGet(ctx, tx, 'networkAcl', aclId)
    if (next.vpcId !== before.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [aclId, before.vpcId] })
    }
    const { subnetId } = before.associations.find((each) => each.id === id)!
    const association = { id: newId('networkAclAssociation', ctx.app.random), subnetId }
    const left = before.associations.filter((each) => each.id !== id)
    if (next.id === before.id) {
      await tx.update('networkAcl', { ...before, associations: [...left, association] })
      return association.id
    }
    await tx.update('networkAcl', { ...before, associations: left })
    const associations = [...next.associations, association]
    await tx.update('networkAcl', { ...next, associations })
    return association.id
  }
}
