/**
 * VPCs made, given further blocks, deleted. A VPC comes with a main route table, a default group and a default ACL
 * and takes them with it. Source: VPC user guide, "Create a VPC", "Delete your VPC", "VPC CIDR blocks".
 */
import { cidrFormat, cidrOverlaps, cidrParse } from '../../domain/net/cidr.ts'
import { isIpv6 } from '../../domain/net/blocks.ts'
import { isWithin, vpcBlockAdded, vpcBlockChecked } from '../../domain/net/vpc-blocks.ts'
import { FaultError, notFound } from '../../domain/faults.ts'
import { newId, type IdOf, type VpcId } from '../../domain/ids.ts'
import {
  privateDomainOf,
  vpcBlocks,
  type RouteTable,
  type SecurityGroup,
  type Vpc,
  type VpcBlock,
} from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { mustNotMeetPeers, peeringsActive } from './peerings.ts'
import { isPrefixListId } from './prefix-lists.ts'
import { baseOf, inVpc, ownGet, scopeOf, type NewBase } from './scope.ts'
import { vpcIpv6Add, vpcIpv6Disassociate } from './vpc-ipv6.ts'
import { aclEntry, everythingOut, lastEntry, localRoute, ruleAll } from './vpc-parts.ts'

/** AWS's quota is 5 and is raised on request up to hundreds; here nobody has to ask. */
const VPCS_MAX = 200
/** AWS's quota of IPv4 blocks of a VPC, the primary among them. */
const BLOCKS_MAX = 5

export interface VpcRequest {
  cidrBlock: string
  /** Whether it gets a block of IPv6 too. */
  hasIpv6: boolean
  tenancy: 'default' | 'dedicated'
  tags: Tags
}

export function vpcCreate(ctx: Ctx, request: VpcRequest): Change<Vpc> {
  return async (tx) => {
    await vpcMustHaveRoom(ctx, tx)
    const cidrBlock = cidrFormat(vpcBlockChecked(request.cidrBlock))
    mustNotHidePool(ctx.app, cidrBlock)
    const what = { cidrBlock, tenancy: request.tenancy, isDefault: false }
    const { vpc } = await vpcInsert(ctx.app, tx, baseOf(ctx, request.tags), what)
    return request.hasIpv6 ? (await vpcIpv6Add(ctx, tx, vpc)).vpc : vpc
  }
}

/** @throws Fault `LimitExceeded`. */
export async function vpcMustHaveRoom(ctx: Ctx, reader: StoreReader): Promise<void> {
  if ((await reader.count('vpc', scopeOf(ctx))) < VPCS_MAX) return
  const reason = 'The maximum number of VPCs has been reached.'
  throw new FaultError({ type: 'LimitExceeded', kind: 'vpc', limit: VPCS_MAX, reason })
}

/** A block over our public addresses would hide them from everybody in the VPC. */
function mustNotHidePool(app: App, cidrBlock: string): void {
  const { publicPool } = app.settings
  if (!cidrOverlaps(cidrParse(publicPool), cidrParse(cidrBlock))) return
  throw new FaultError({
    type: 'Unsupported',
    feature: `a VPC with the block ${cidrBlock}`,
    hint: `public addresses come from ${publicPool} here`,
  })
}

/** A VPC with what it always has. */
export async function vpcInsert(
  app: App,
  tx: StoreTransaction,
  base: NewBase,
  what: Pick<Vpc, 'cidrBlock' | 'tenancy' | 'isDefault'>,
): Promise<{ vpc: Vpc; mainTable: RouteTable }> {
  const { random } = app
  // Tags of the request are the VPC's; what comes with it has none.
  const bare = { ...base, tags: {} }
  const vpc = await tx.insert('vpc', {
    ...base,
    ...what,
    id: newId('vpc', random),
    cidrAssociationId: newId('vpcCidrAssociation', random),
    secondaryBlocks: [],
    dhcpOptionsId: await dhcpOptionsDefault(app, tx, bare),
    hasDnsSupport: true,
    hasDnsHostnames: what.isDefault,
    index: await vpcIndexFree(tx),
  })
  const mainTable = await tx.insert('routeTable', {
    ...bare,
    id: newId('routeTable', random),
    vpcId: vpc.id,
    routes: [localRoute(what.cidrBlock)],
    associations: [{ id: newId('routeTableAssociation', random), subnetId: null }],
  })
  await tx.insert('securityGroup', defaultGroup(app, bare, vpc.id))
  await tx.insert('networkAcl', {
    ...bare,
    id: newId('networkAcl', random),
    vpcId: vpc.id,
    isDefault: true,
    entries: [true, false].flatMap((isEgress) => [
      aclEntry(isEgress, 100, true),
      lastEntry(isEgress),
    ]),
    associations: [],
  })
  return { vpc, mainTable }
}

/** The set that VPCs of a region begin with: found, or made when it is not there. */
async function dhcpOptionsDefault(
  app: App,
  tx: StoreTransaction,
  base: NewBase,
): Promise<IdOf<'dhcpOptions'>> {
  const { account, region } = base
  const options = {
    'domain-name': [privateDomainOf(region)],
    'domain-name-servers': ['AmazonProvidedDNS'],
  }
  const wanted = JSON.stringify(Object.entries(options).sort())
  const sets = await tx.list('dhcpOptions', { account, region })
  const found = sets
    .filter((set) => JSON.stringify(Object.entries(set.options).sort()) === wanted)
    .sort((a, b) => a.createdAt - b.createdAt)[0]
  if (found) return found.id
  const id = newId('dhcpOptions', app.random)
  return (await tx.insert('dhcpOptions', { ...base, id, options })).id
}

/** A VPC's own group: members reach each other, everything may leave. */
function defaultGroup(app: App, base: NewBase, vpcId: VpcId): SecurityGroup {
  const id = newId('securityGroup', app.random)
  return {
    ...base,
    id,
    vpcId,
    name: 'default',
    description: 'default VPC security group',
    rules: [
      ruleAll(app, false, { type: 'group', groupId: id, account: base.account }),
      ...everythingOut(app, {}),
    ],
  }
}

/** The smallest number no VPC has: link names and addresses on hosts derive from it. */
async function vpcIndexFree(tx: StoreTransaction): Promise<number> {
  const taken = await tx.claimsOf('vpc-index')
  let index = 1
  while (taken.has(String(index))) index++
  return index
}

/** @throws Fault `DependencyViolation` naming what is still in it. */
export function vpcDelete(ctx: Ctx, id: VpcId): Change<void> {
  return async (tx) => {
    const vpc = await ownGet(ctx, tx, 'vpc', id)
    const [subnets, gateways, egressOnly, interfaces, tables, groups, acls] = await Promise.all([
      inVpc(ctx, tx, 'subnet', id),
      inVpc(ctx, tx, 'internetGateway', id),
      inVpc(ctx, tx, 'egressOnlyGateway', id),
      inVpc(ctx, tx, 'networkInterface', id),
      inVpc(ctx, tx, 'routeTable', id),
      inVpc(ctx, tx, 'securityGroup', id),
      inVpc(ctx, tx, 'networkAcl', id),
    ])
    const peerings = await peeringsActive(tx, id)
    const isMain = (table: RouteTable): boolean =>
      table.associations.some((a) => a.subnetId === null)
    const others = [
      ...subnets,
      ...gateways,
      ...egressOnly,
      ...interfaces,
      ...peerings,
      ...tables.filter((table) => !isMain(table)),
      ...groups.filter((group) => group.name !== 'default'),
      ...acls.filter((acl) => !acl.isDefault),
    ]
    if (others.length > 0) {
      const dependents = others.map((each) => each.id)
      throw new FaultError({ type: 'DependencyViolation', kind: 'vpc', id, dependents })
    }
    for (const table of tables) await tx.remove('routeTable', table)
    for (const group of groups) await tx.remove('securityGroup', group)
    for (const acl of acls) await tx.remove('networkAcl', acl)
    await tx.remove('vpc', vpc)
  }
}

export function vpcBlockAssociate(
  ctx: Ctx,
  id: VpcId,
  cidrBlock: string,
): Change<{ vpc: Vpc; block: VpcBlock }> {
  return async (tx) => {
    const vpc = await ownGet(ctx, tx, 'vpc', id)
    const present = vpcBlocks(vpc).map((each) => each.cidrBlock)
    const added = cidrFormat(vpcBlockAdded(cidrBlock, present))
    mustNotHidePool(ctx.app, added)
    await mustNotMeetPeers(tx, id, added)
    if (present.length >= BLOCKS_MAX) {
      const reason = `This network '${id}' has met its maximum number of allowed CIDRs: ${BLOCKS_MAX}`
      throw new FaultError({ type: 'LimitExceeded', kind: 'vpcCidr', limit: BLOCKS_MAX, reason })
    }
    const tables = await inVpc(ctx, tx, 'routeTable', id)
    for (const table of tables) {
      mustNotSwallowRoutes(table, added)
      await tx.update('routeTable', { ...table, routes: [...table.routes, localRoute(added)] })
    }
    const associationId = newId('vpcCidrAssociation', ctx.app.random)
    const block = { associationId, cidrBlock: added }
    const secondaryBlocks = [...(vpc.secondaryBlocks ?? []), block]
    return { vpc: await tx.update('vpc', { ...vpc, secondaryBlocks }), block }
  }
}

/** "The CIDR block must not be the same or larger than a destination CIDR range in a route." */
function mustNotSwallowRoutes(table: RouteTable, added: string): void {
  const block = cidrParse(added)
  const route = table.routes.find(
    ({ destination }) =>
      !isPrefixListId(destination) &&
      !isIpv6(destination) &&
      isWithin(cidrParse(destination), block),
  )
  if (!route) return
  const reason = `The CIDR '${added}' conflicts with the route ${route.destination} in ${table.id}.`
  throw new FaultError({ type: 'BadRange', kind: 'vpc', cidr: added, reason })
}

export function vpcBlockDisassociate(
  ctx: Ctx,
  associationId: string,
): Change<{ vpc: Vpc; block: VpcBlock }> {
  return async (tx) => {
    const ofIpv6 = await vpcIpv6Disassociate(ctx, tx, associationId)
    if (ofIpv6) return ofIpv6
    const vpcs = await tx.list('vpc', scopeOf(ctx))
    const has = (vpc: Vpc): boolean => vpcBlocks(vpc).some((b) => b.associationId === associationId)
    const vpc = vpcs.find(has)
    if (!vpc) throw notFound('vpcCidrAssociation', associationId)
    if (vpc.cidrAssociationId === associationId) {
      const reason =
        `The vpc CIDR block with association ID ${associationId} may not be disassociated. It is the ` +
        'primary IPv4 CIDR block of the VPC'
      throw new FaultError({ type: 'DefaultResource', kind: 'vpc', id: vpc.id, reason })
    }
    const block = vpc.secondaryBlocks!.find((each) => each.associationId === associationId)!
    const cidr = cidrParse(block.cidrBlock)
    const subnets = await inVpc(ctx, tx, 'subnet', vpc.id)
    const dependents = subnets.filter((each) => isWithin(cidrParse(each.cidrBlock), cidr))
    if (dependents.length > 0) {
      throw new FaultError({
        type: 'DependencyViolation',
        kind: 'vpcCidrAssociation',
        id: associationId,
        dependents: dependents.map((each) => each.id),
      })
    }
    for (const table of await inVpc(ctx, tx, 'routeTable', vpc.id)) {
      const routes = table.routes.filter(
        (route) => route.target.type !== 'local' || route.destination !== block.cidrBlock,
      )
      await tx.update('routeTable', { ...table, routes })
    }
    const secondaryBlocks = vpc.secondaryBlocks!.filter((each) => each !== block)
    return { vpc: await tx.update('vpc', { ...vpc, secondaryBlocks }), block }
  }
}

/** Back from dedicated to default, the only change there is; instances keep what they were launched with. */
export function vpcTenancyReset(ctx: Ctx, id: VpcId): Change<void> {
  return async (tx) => {
    const vpc = await ownGet(ctx, tx, 'vpc', id)
    await tx.update('vpc', { ...vpc, tenancy: 'default' })
  }
}
