/**
 * Rules of security groups: added, removed, replaced, described. Each change is checked whole and written whole, then
 * the hosts' networks are stated anew. Source: EC2 API reference, AuthorizeSecurityGroupIngress and its siblings.
 */
import { FaultError, notFound } from '../../domain/faults.ts'
import { newId, type IdOf } from '../../domain/ids.ts'
import {
  groupText,
  peerOfCidr,
  peerOfCidr6,
  ruleKey,
  rulesMustFit,
  ruleText,
  trafficCanonical,
  type RuleSpec,
  type TrafficRequest,
} from '../../domain/net/group-rules.ts'
import type { RulePeer, SecurityGroup, SecurityGroupRule } from '../../domain/network.ts'
import { peeringOther } from '../../domain/peering.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { groupNamed, groupOf, type GroupTarget } from './groups.ts'
import { peeringsActive } from './peerings.ts'
import { prefixListNamed, prefixListSizes } from './prefix-lists.ts'

export type PeerRequest =
  | { type: 'cidr' | 'cidr6' | 'prefixList'; value: string; description: string | null }
  | {
      type: 'group'
      id: string | null
      name: string | null
      account: string | null
      description: string | null
    }

/** Some traffic for some peers: a rule for each of them. */
export interface PermissionRequest extends TrafficRequest {
  peers: readonly PeerRequest[]
}

export type RuleId = IdOf<'securityGroupRule'>

export interface RulesRequest {
  group: GroupTarget
  isEgress: boolean
  permissions: readonly PermissionRequest[]
}

export interface RulesAdded {
  group: SecurityGroup
  added: SecurityGroupRule[]
}

/** What the group would be with the rules added; no effects, so that `DryRun` can ask. */
export async function rulesAuthorizePlan(
  ctx: Ctx,
  request: RulesRequest & { tags: Tags },
  reader: StoreReader = ctx.app.store,
): Promise<RulesAdded> {
  const group = await groupOf(ctx, reader, request.group)
  const specs = await specsOf(ctx, reader, group, request)
  const added = specs.map((spec) => ({
    id: newId('securityGroupRule', ctx.app.random),
    ...spec,
    tags: request.tags,
  }))
  const rules = [...group.rules, ...added]
  rulesMustFit(group, rules, await prefixListSizes(ctx, reader))
  return { group: { ...group, rules }, added }
}

export async function rulesAuthorize(
  ctx: Ctx,
  request: RulesRequest & { tags: Tags },
): Promise<RulesAdded> {
  const result = await ctx.app.store.transact(async (tx) => {
    const plan = await rulesAuthorizePlan(ctx, request, tx)
    return { ...plan, group: await tx.update('securityGroup', plan.group) }
  })
  await ctx.app.networkInForce()
  return result
}

export interface RevokeRequest extends RulesRequest {
  ruleIds: readonly RuleId[]
}

export interface RulesRevoked {
  group: SecurityGroup
  removed: SecurityGroupRule[]
  /** Asked for and not there. */
  unknown: RuleSpec[]
}

export async function rulesRevokePlan(
  ctx: Ctx,
  request: RevokeRequest,
  reader: StoreReader = ctx.app.store,
): Promise<RulesRevoked> {
  const { isEgress, ruleIds } = request
  const group = await groupOf(ctx, reader, request.group)
  const isById = ruleIds.length > 0
  if (isById && request.permissions.length > 0) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['SecurityGroupRuleIds', 'IpPermissions'],
      reason: 'Name rules by their ids or by their permissions, not both',
    })
  }
  const { found, unknown } = isById
    ? { found: rulesById(group, isEgress, ruleIds), unknown: [] }
    : await rulesBySpec(ctx, reader, group, request)
  if (unknown.length > 0) {
    const vpc = await reader.get('vpc', group.vpcId)
    // "For a default VPC … no error is returned, and the output describes the rules that were not revoked."
    if (!vpc?.isDefault) throw ruleNotFound(group, unknown[0]!)
  }
  const gone = new Set(found.map((rule) => rule.id))
  const rules = group.rules.filter((rule) => !gone.has(rule.id))
  return { group: { ...group, rules }, removed: found, unknown }
}

export async function rulesRevoke(ctx: Ctx, request: RevokeRequest): Promise<RulesRevoked> {
  const result = await ctx.app.store.transact(async (tx) => {
    const plan = await rulesRevokePlan(ctx, request, tx)
    return { ...plan, group: await tx.update('securityGroup', plan.group) }
  })
  await ctx.app.networkInForce()
  return result
}

export interface RuleChange extends TrafficRequest {
  id: RuleId
  peer: PeerRequest | null
  description: string | null
}

/** Each rule becomes what the request says, whole; ids, direction and tags stay. */
export async function rulesModifyPlan(
  ctx: Ctx,
  target: GroupTarget,
  changes: readonly RuleChange[],
  reader: StoreReader = ctx.app.store,
): Promise<SecurityGroup> {
  const group = await groupOf(ctx, reader, target)
  const byId = new Map(group.rules.map((rule) => [rule.id, rule]))
  for (const change of changes) {
    const before = byId.get(change.id)
    if (!before) throw notFound('securityGroupRule', change.id)
    if (change.peer === null) {
      throw new FaultError({ type: 'RuleMalformed', reason: 'A rule needs exactly one peer' })
    }
    byId.set(change.id, {
      ...before,
      ...trafficCanonical(change),
      peer: await peerOf(ctx, reader, group, change.peer),
      description: descriptionChecked(change.description),
    })
  }
  const rules = [...byId.values()]
  rulesMustFit(group, rules, await prefixListSizes(ctx, reader))
  return { ...group, rules }
}

export async function rulesModify(
  ctx: Ctx,
  target: GroupTarget,
  changes: readonly RuleChange[],
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('securityGroup', await rulesModifyPlan(ctx, target, changes, tx))
  })
  await ctx.app.networkInForce()
}

export interface DescriptionsRequest extends RulesRequest {
  byId: readonly { id: RuleId; description: string | null }[]
}

/** Only the words change: nothing on a host does. */
export async function ruleDescriptionsPlan(
  ctx: Ctx,
  request: DescriptionsRequest,
  reader: StoreReader = ctx.app.store,
): Promise<SecurityGroup> {
  const group = await groupOf(ctx, reader, request.group)
  const words = new Map<RuleId, string | null>()
  for (const { id, description } of request.byId) {
    rulesById(group, request.isEgress, [id])
    words.set(id, descriptionChecked(description))
  }
  if (request.byId.length === 0) {
    for (const spec of await specsOf(ctx, reader, group, request)) {
      const rule = group.rules.find((candidate) => ruleKey(candidate) === ruleKey(spec))
      if (!rule) throw ruleNotFound(group, spec)
      words.set(rule.id, spec.description)
    }
  }
  const rules = group.rules.map((rule) =>
    words.has(rule.id) ? { ...rule, description: words.get(rule.id)! } : rule,
  )
  return { ...group, rules }
}

export async function ruleDescriptionsUpdate(ctx: Ctx, request: DescriptionsRequest) {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('securityGroup', await ruleDescriptionsPlan(ctx, request, tx))
  })
}

function rulesById(
  group: SecurityGroup,
  isEgress: boolean,
  ids: readonly RuleId[],
): SecurityGroupRule[] {
  return [...new Set(ids)].map((id) => {
    const rule = group.rules.find((each) => each.id === id && each.isEgress === isEgress)
    if (!rule) throw notFound('securityGroupRule', id)
    return rule
  })
}

async function rulesBySpec(
  ctx: Ctx,
  reader: StoreReader,
  group: SecurityGroup,
  request: RulesRequest,
): Promise<{ found: SecurityGroupRule[]; unknown: RuleSpec[] }> {
  const byKey = new Map(group.rules.map((rule) => [ruleKey(rule), rule]))
  const found: SecurityGroupRule[] = []
  const unknown: RuleSpec[] = []
  for (const spec of await specsOf(ctx, reader, group, request)) {
    const rule = byKey.get(ruleKey(spec))
    if (rule) found.push(rule)
    else unknown.push(spec)
  }
  return { found, unknown }
}

async function specsOf(
  ctx: Ctx,
  reader: StoreReader,
  group: SecurityGroup,
  { isEgress, permissions }: RulesRequest,
): Promise<RuleSpec[]> {
  if (permissions.length === 0) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'ipPermissions' })
  }
  const specs: RuleSpec[] = []
  for (const permission of permissions) {
    const traffic = trafficCanonical(permission)
    if (permission.peers.length === 0) {
      const reason = 'A permission needs at least one CIDR block or security group'
      throw new FaultError({ type: 'RuleMalformed', reason })
    }
    for (const request of permission.peers) {
      const peer = await peerOf(ctx, reader, group, request)
      const description = descriptionChecked(request.description)
      specs.push({ isEgress, ...traffic, peer, description })
    }
  }
  return specs
}

function descriptionChecked(text: string | null): string | null {
  return text === null || text === '' ? null : groupText('description', text)
}

async function peerOf(
  ctx: Ctx,
  reader: StoreReader,
  group: SecurityGroup,
  request: PeerRequest,
): Promise<RulePeer> {
  switch (request.type) {
    case 'cidr':
      return peerOfCidr(request.value)
    case 'cidr6':
      return peerOfCidr6(request.value)
    case 'prefixList':
      return { type: 'prefixList', listId: (await prefixListNamed(ctx, reader, request.value)).id }
    case 'group':
      return await groupPeer(ctx, reader, group, request)
  }
}

/** A peer lies in the same VPC, or in one that is peered with it in the same region. */
async function groupPeer(
  ctx: Ctx,
  reader: StoreReader,
  group: SecurityGroup,
  request: Extract<PeerRequest, { type: 'group' }>,
): Promise<RulePeer> {
  const { id, name, account } = request
  if (id === null && name === null) {
    const reason = 'A permission for a group needs its id or its name'
    throw new FaultError({ type: 'RuleMalformed', reason })
  }
  if (id === null) {
    if (account !== null && account !== ctx.account) throw notFound('securityGroup', name!)
    const named = await groupNamed(ctx, reader, group.vpcId, name!)
    return { type: 'group', groupId: named.id, account: ctx.account }
  }
  const peer = await reader.get('securityGroup', id)
  const isAsked = peer && (account === null || account === peer.account)
  if (!isAsked || peer.region !== ctx.region) throw notFound('securityGroup', id)
  const reference = { type: 'group', groupId: peer.id, account: peer.account } as const
  if (peer.vpcId === group.vpcId) return reference
  const peerings = await peeringsActive(reader, group.vpcId)
  const over = peerings.find((each) => peeringOther(each, group.vpcId).vpcId === peer.vpcId)
  if (!over) throw notFound('securityGroup', id)
  return { ...reference, foreign: { vpcId: peer.vpcId, peeringId: over.id } }
}

function ruleNotFound(group: SecurityGroup, spec: RuleSpec): FaultError {
  return new FaultError({
    type: 'RuleNotFound',
    groupId: group.id,
    description: ruleText(spec),
  })
}
