/** Subnets made and deleted. Source: VPC user guide, "Subnets for your VPC", "Create a default subnet". */
import { cidrFormat, cidrOverlaps, cidrParse, cidrSize } from '../../domain/net/cidr.ts'
import { subnetBlockChecked } from '../../domain/net/vpc-blocks.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type SubnetId, type VpcId } from '../../domain/ids.ts'
import { vpcBlocks, type Subnet } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import { zonesOf } from '../../domain/zones.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, inVpc, ownGet, scopeOf, type NewBase } from './scope.ts'
import { reservationsOf } from './subnet-reservations.ts'
import { subnetIpv6Checked } from './vpc-ipv6.ts'

/** AWS's quota. */
const SUBNETS_MAX = 200
const DEFAULT_PREFIX = 20

export interface SubnetRequest {
  vpcId: VpcId
  cidrBlock: string
  ipv6CidrBlock: string | null
  /** By name or by id; null: the first. */
  zone: { parameter: string; value: string } | null
  tags: Tags
}

export function subnetCreate(ctx: Ctx, request: SubnetRequest): Change<Subnet> {
  return async (tx) => {
    const vpc = await ownGet(ctx, tx, 'vpc', request.vpcId)
    const zone = zoneOf(ctx, request.zone)
    const subnets = await inVpc(ctx, tx, 'subnet', vpc.id)
    const cidrBlock = subnetBlockChecked(
      request.cidrBlock,
      vpcBlocks(vpc).map((block) => block.cidrBlock),
      subnets.map((subnet) => subnet.cidrBlock),
    )
    if (subnets.length >= SUBNETS_MAX) {
      const reason = 'The maximum number of subnets for this VPC has been reached.'
      throw new FaultError({ type: 'LimitExceeded', kind: 'subnet', limit: SUBNETS_MAX, reason })
    }
    const { ipv6CidrBlock: wanted6 } = request
    const ipv6 = wanted6 === null ? null : subnetIpv6Checked(wanted6, vpc, subnets)
    const associationId = newId('subnetAssociation', ctx.app.random)
    return await subnetInsert(ctx.app, tx, baseOf(ctx, request.tags), {
      vpcId: vpc.id,
      zone,
      cidrBlock,
      ...(ipv6 !== null && { ipv6Block: { associationId, cidrBlock: ipv6 } }),
      isDefaultForZone: false,
      mapPublicIpOnLaunch: false,
    })
  }
}

/** A subnet of the default VPC in a zone that has none: /20, public, where there is room. */
export function defaultSubnetCreate(
  ctx: Ctx,
  asked: NonNullable<SubnetRequest['zone']>,
): Change<Subnet> {
  return async (tx) => {
    const zone = zoneOf(ctx, asked)
    const reference = { name: 'default', value: 'yes' }
    const [vpc] = await tx.list('vpc', { ...scopeOf(ctx), reference })
    if (!vpc) throw new FaultError({ type: 'DefaultVpcMissing', isAskedFor: true })
    const subnets = await inVpc(ctx, tx, 'subnet', vpc.id)
    const present = subnets.find((subnet) => subnet.isDefaultForZone && subnet.zone === zone)
    if (present) {
      throw new FaultError({ type: 'AlreadyDefault', kind: 'subnet', id: present.id, zone })
    }
    return await subnetInsert(ctx.app, tx, baseOf(ctx), {
      vpcId: vpc.id,
      zone,
      cidrBlock: freeBlock(vpc.cidrBlock, subnets),
      isDefaultForZone: true,
      mapPublicIpOnLaunch: true,
    })
  }
}

function freeBlock(vpcBlock: string, subnets: readonly Subnet[]): string {
  const whole = cidrParse(vpcBlock)
  const taken = subnets.map((subnet) => cidrParse(subnet.cidrBlock))
  const step = cidrSize({ base: 0, prefix: DEFAULT_PREFIX })
  for (let base = whole.base; base < whole.base + cidrSize(whole); base += step) {
    const block = { base, prefix: DEFAULT_PREFIX }
    if (!taken.some((other) => cidrOverlaps(other, block))) return cidrFormat(block)
  }
  throw new FaultError({ type: 'Duplicate', kind: 'subnet', name: vpcBlock })
}

function zoneOf(ctx: Ctx, asked: SubnetRequest['zone']): string {
  const zones = zonesOf(ctx.region, ctx.app.settings.zones)
  if (asked === null) return zones[0]!.name
  const found = zones.find((zone) => zone.name === asked.value || zone.id === asked.value)
  if (found) return found.name
  const names = zones.map((zone) => zone.name).join(', ')
  const reason = `Subnets can currently only be created in the following availability zones: ${names}.`
  throw invalidValue(asked.parameter, asked.value, reason)
}

/** A subnet, and its place in the VPC's default ACL. The main route table needs no entry for it. */
export async function subnetInsert(
  app: App,
  tx: StoreTransaction,
  base: NewBase,
  what: Omit<Subnet, keyof NewBase | 'id'>,
): Promise<Subnet> {
  const subnet = await tx.insert('subnet', { ...base, ...what, id: newId('subnet', app.random) })
  const acls = await tx.list('networkAcl', { reference: { name: 'vpc', value: subnet.vpcId } })
  const acl = acls.find((each) => each.isDefault)!
  const association = { id: newId('networkAclAssociation', app.random), subnetId: subnet.id }
  await tx.update('networkAcl', { ...acl, associations: [...acl.associations, association] })
  return subnet
}

/** @throws Fault `DependencyViolation` while interfaces are in it. */
export function subnetDelete(ctx: Ctx, id: SubnetId): Change<void> {
  return async (tx) => {
    const subnet = await ownGet(ctx, tx, 'subnet', id)
    const reference = { name: 'subnet', value: id }
    const interfaces = await tx.list('networkInterface', { reference })
    if (interfaces.length > 0) {
      const dependents = interfaces.map((each) => each.id)
      throw new FaultError({ type: 'DependencyViolation', kind: 'subnet', id, dependents })
    }
    for (const kind of ['routeTable', 'networkAcl'] as const) {
      for (const holder of await inVpc(ctx, tx, kind, subnet.vpcId)) {
        const associations = holder.associations.filter((each) => each.subnetId !== id)
        if (associations.length === holder.associations.length) continue
        await tx.update(kind, { ...holder, associations } as never)
      }
    }
    for (const each of await reservationsOf(tx, id)) await tx.remove('subnetReservation', each)
    await tx.remove('subnet', subnet)
  }
}
