/**
 * IPv6 blocks: a VPC's /56 from our pool, a subnet's /64 of it. With its first block a VPC gets what AWS adds then:
 * local routes, the rules that let IPv6 out of groups nobody changed, the entries of its ACLs. Source: VPC user guide,
 * "IPv6 support for your VPC", "Default security groups", "Default network ACL".
 */
import {
  block6Part,
  blocksOverlap,
  blockWithin,
  EVERYWHERE_6,
  isIpv6,
  prefixOfBlock,
} from '../../domain/net/blocks.ts'
import { cidr6Canonical } from '../../domain/net/cidr6.ts'
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type SubnetId, type VpcId } from '../../domain/ids.ts'
import type { NetworkAcl, SecurityGroup, Subnet, Vpc, VpcBlock } from '../../domain/network.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { reservationsOf } from './subnet-reservations.ts'
import { inVpc, ownGet, scopeOf } from './scope.ts'
import { aclEntry, lastEntry, localRoute, ruleAll } from './vpc-parts.ts'

/** What Amazon gives a VPC, and a subnet. */
const VPC_PREFIX = 56
const SUBNET_PREFIX = 64
/** AWS's quota of IPv6 blocks of a VPC. */
const BLOCKS_MAX = 5

/** The next block of the pool that no VPC has; the first is the host's own. */
export async function ipv6BlockFree(app: App, reader: StoreReader): Promise<string> {
  const pool = app.settings.ipv6Pool
  const taken = await reader.claimsOf('ipv6-block')
  const count = 2 ** (VPC_PREFIX - prefixOfBlock(pool))
  const start = Buffer.from(app.random.bytes(4)).readUInt32BE()
  for (let n = 0; n < count; n++) {
    const at = (start + n) % count
    const block = block6Part(pool, VPC_PREFIX, BigInt(at))
    if (at > 0 && !taken.has(block)) return block
  }
  const reason = 'every IPv6 block of the pool is taken'
  throw new FaultError({ type: 'LimitExceeded', kind: 'vpcCidr', limit: count, reason })
}

export function vpcIpv6Associate(ctx: Ctx, id: VpcId): Change<{ vpc: Vpc; block: VpcBlock }> {
  return async (tx) => {
    const vpc = await ownGet(ctx, tx, 'vpc', id)
    const present = vpc.ipv6Blocks ?? []
    if (present.length >= BLOCKS_MAX) {
      const reason = `This network '${id}' has met its maximum number of allowed CIDRs: ${BLOCKS_MAX}`
      throw new FaultError({ type: 'LimitExceeded', kind: 'vpcCidr', limit: BLOCKS_MAX, reason })
    }
    return await vpcIpv6Add(ctx, tx, vpc)
  }
}

export async function vpcIpv6Add(
  ctx: Ctx,
  tx: StoreTransaction,
  vpc: Vpc,
): Promise<{ vpc: Vpc; block: VpcBlock }> {
  const { app } = ctx
  const present = vpc.ipv6Blocks ?? []
  const cidrBlock = await ipv6BlockFree(app, tx)
  const block = { associationId: newId('vpcCidrAssociation', app.random), cidrBlock }
  for (const table of await inVpc(ctx, tx, 'routeTable', vpc.id)) {
    await tx.update('routeTable', { ...table, routes: [...table.routes, localRoute(cidrBlock)] })
  }
  if (present.length === 0) await familyAdd(ctx, tx, vpc.id)
  const after = await tx.update('vpc', { ...vpc, ipv6Blocks: [...present, block] })
  return { vpc: after, block }
}

/** "If you've modified the rules, we do not automatically add one for IPv6." */
async function familyAdd(ctx: Ctx, tx: StoreTransaction, vpcId: VpcId): Promise<void> {
  for (const group of await inVpc(ctx, tx, 'securityGroup', vpcId)) {
    if (!isEgressAsMade(group)) continue
    const rule = ruleAll(ctx.app, true, { type: 'cidr6', cidr: EVERYWHERE_6 })
    await tx.update('securityGroup', { ...group, rules: [...group.rules, rule] })
  }
  for (const acl of await inVpc(ctx, tx, 'networkAcl', vpcId)) {
    await tx.update('networkAcl', { ...acl, entries: entriesWithIpv6(acl) })
  }
}

function isEgressAsMade({ rules }: SecurityGroup): boolean {
  const [only, ...others] = rules.filter((rule) => rule.isEgress)
  if (!only || others.length > 0) return false
  return only.protocol === '-1' && only.peer.type === 'cidr' && only.peer.cidr === '0.0.0.0/0'
}

/** Out before in, by number, as they are kept. */
function entriesWithIpv6({ entries, isDefault }: NetworkAcl): NetworkAcl['entries'] {
  return [true, false].flatMap((isEgress) => {
    const own = entries.filter((entry) => entry.isEgress === isEgress)
    const isAsMade = own.length === 2 && own.some((e) => e.ruleNumber === 100 && e.isAllow)
    const added = [
      ...(isDefault && isAsMade ? [aclEntry(isEgress, 101, true, EVERYWHERE_6)] : []),
      ...(own.some((e) => isIpv6(e.cidrBlock) && e.ruleNumber === lastEntry(true, true).ruleNumber)
        ? []
        : [lastEntry(isEgress, true)]),
    ]
    return [...own, ...added].sort((a, b) => a.ruleNumber - b.ruleNumber)
  })
}

/** undefined: no VPC of the account has such an association of IPv6. */
export async function vpcIpv6Disassociate(
  ctx: Ctx,
  tx: StoreTransaction,
  associationId: string,
): Promise<{ vpc: Vpc; block: VpcBlock } | undefined> {
  const vpcs = await tx.list('vpc', scopeOf(ctx))
  for (const vpc of vpcs) {
    const block = vpc.ipv6Blocks?.find((each) => each.associationId === associationId)
    if (!block) continue
    const subnets = await inVpc(ctx, tx, 'subnet', vpc.id)
    const dependents = subnets
      .filter((one) => one.ipv6Block && blockWithin(one.ipv6Block.cidrBlock, block.cidrBlock))
      .map((one) => one.id)
    if (dependents.length > 0) {
      const fault = { kind: 'vpcCidrAssociation', id: associationId, dependents } as const
      throw new FaultError({ type: 'DependencyViolation', ...fault })
    }
    for (const table of await inVpc(ctx, tx, 'routeTable', vpc.id)) {
      const routes = table.routes.filter(
        ({ target, destination }) => target.type !== 'local' || destination !== block.cidrBlock,
      )
      await tx.update('routeTable', { ...table, routes })
    }
    const ipv6Blocks = vpc.ipv6Blocks!.filter((each) => each !== block)
    return { vpc: await tx.update('vpc', { ...vpc, ipv6Blocks }), block }
  }
  return undefined
}

/** A subnet's block, canonical. @throws Faults `InvalidValue`, `BadRange`, `Duplicate`, `Unsupported`. */
export function subnetIpv6Checked(text: string, vpc: Vpc, subnets: readonly Subnet[]): string {
  const block = cidr6Canonical(text, 'Ipv6CidrBlock')
  const isInside = (vpc.ipv6Blocks ?? []).some((each) => blockWithin(block, each.cidrBlock))
  if (!isInside) {
    const reason = `The CIDR '${text}' is invalid.`
    throw new FaultError({ type: 'BadRange', kind: 'subnet', cidr: text, reason })
  }
  if (prefixOfBlock(block) !== SUBNET_PREFIX) {
    const feature = `a subnet with an IPv6 block other than a /${SUBNET_PREFIX}`
    throw new FaultError({ type: 'Unsupported', feature })
  }
  const met = subnets.some((one) => one.ipv6Block && blocksOverlap(one.ipv6Block.cidrBlock, block))
  if (met) throw new FaultError({ type: 'Duplicate', kind: 'subnet', name: text })
  return block
}

export function subnetIpv6Associate(
  ctx: Ctx,
  id: SubnetId,
  text: string,
): Change<{ subnet: Subnet; block: VpcBlock }> {
  return async (tx) => {
    const subnet = await ownGet(ctx, tx, 'subnet', id)
    const vpc = await ownGet(ctx, tx, 'vpc', subnet.vpcId)
    if (subnet.ipv6Block) {
      const reason = `The subnet '${id}' already has the IPv6 CIDR block ${subnet.ipv6Block.cidrBlock}`
      throw new FaultError({ type: 'LimitExceeded', kind: 'vpcCidr', limit: 1, reason })
    }
    const cidrBlock = subnetIpv6Checked(text, vpc, await inVpc(ctx, tx, 'subnet', vpc.id))
    const block = { associationId: newId('subnetAssociation', ctx.app.random), cidrBlock }
    return { subnet: await tx.update('subnet', { ...subnet, ipv6Block: block }), block }
  }
}

/** @throws Faults `NotFound`, `DependencyViolation` while interfaces have addresses of it. */
export function subnetIpv6Disassociate(
  ctx: Ctx,
  associationId: string,
): Change<{ subnet: Subnet; block: VpcBlock }> {
  return async (tx) => {
    const subnets = await tx.list('subnet', scopeOf(ctx))
    const subnet = subnets.find((one) => one.ipv6Block?.associationId === associationId)
    if (!subnet) throw notFound('subnetAssociation', associationId)
    const reference = { name: 'subnet', value: subnet.id }
    const interfaces = await tx.list('networkInterface', { reference })
    const users = interfaces.filter((one) => (one.ipv6Addresses ?? []).length > 0)
    if (users.length > 0) {
      const dependents = users.map((one) => one.id)
      const fault = { kind: 'subnetAssociation', id: associationId, dependents } as const
      throw new FaultError({ type: 'DependencyViolation', ...fault })
    }
    if (subnet.assignIpv6OnCreation) {
      const reason = `${subnet.id} assigns IPv6 addresses on creation: switch that off first`
      throw invalidValue('AssociationId', associationId, reason)
    }
    for (const each of await reservationsOf(tx, subnet.id)) {
      if (isIpv6(each.cidr)) await tx.remove('subnetReservation', each)
    }
    const { ipv6Block: block, ...bare } = subnet
    return { subnet: await tx.update('subnet', bare), block: block! }
  }
}
