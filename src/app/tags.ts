/**
 * Tags of everything that has an id: set, removed and listed, many resources at once, all or nothing. Rules of
 * security groups live inside their group and are found there. Source: EC2 user guide, "Tag your Amazon EC2
 * resources" (restrictions).
 */
import { FaultError, invalidValue, notFound } from '../domain/faults.ts'
import { kindOfId, parseId } from '../domain/ids.ts'
import type { ResourceKind } from '../domain/id-prefixes.ts'
import type { SecurityGroup } from '../domain/network.ts'
import type { Tags } from '../domain/resource.ts'
import type { Ec2Kind, ResourceTypes, StoredKind } from '../domain/resource-types.ts'
import { KINDS } from '../store/kinds.ts'
import type { StoreReader, StoreTransaction } from '../store/store.ts'
import type { Ctx } from './context.ts'

const TAGS_MAX = 50
const KEY_MAX = 128
const VALUE_MAX = 256
const RESOURCES_MAX = 1_000
const RESERVED = 'aws:'

export interface TagInput {
  key: string | undefined
  value: string | undefined
}

export interface TagEntry {
  resourceId: string
  kind: Ec2Kind | 'securityGroupRule'
  key: string
  value: string
}

/** Kinds that have tags: what the store keeps, and rules. */
type TaggableKind = StoredKind | 'securityGroupRule'

/** The tags of a request, checked. @throws Faults `InvalidValue`, `LimitExceeded`. */
export function tagsChecked(inputs: readonly TagInput[]): Tags {
  const tags: Record<string, string> = {}
  for (const { key, value } of inputs) {
    const name = keyChecked(key)
    if (Object.hasOwn(tags, name)) {
      throw invalidValue('Tag', name, 'Duplicate tag key specified')
    }
    if ((value ?? '').length > VALUE_MAX) {
      const reason = `Tag value exceeds the maximum length of ${VALUE_MAX} characters`
      throw invalidValue('Tag', value, reason)
    }
    // Own property even for keys such as `__proto__`.
    Object.defineProperty(tags, name, {
      value: value ?? '',
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  mustFit(tags)
  return tags
}

function keyChecked(key: string | undefined): string {
  if (key === undefined || key === '') {
    throw invalidValue('Tag', '', 'Tag keys cannot be null or empty')
  }
  if (key.length > KEY_MAX) {
    const reason = `Tag key exceeds the maximum length of ${KEY_MAX} characters`
    throw invalidValue('Tag', key, reason)
  }
  if (key.toLowerCase().startsWith(RESERVED)) {
    const reason = `Tag keys starting with '${RESERVED}' are reserved for internal use`
    throw invalidValue('Tag', key, reason)
  }
  return key
}

/** Tags whose key begins with `aws:` do not count. */
function mustFit(tags: Tags): void {
  const count = Object.keys(tags).filter((key) => !key.startsWith(RESERVED)).length
  if (count <= TAGS_MAX) return
  throw new FaultError({
    type: 'LimitExceeded',
    kind: 'tag',
    limit: TAGS_MAX,
    reason: `The maximum number of tags per resource (${TAGS_MAX}) has been reached`,
  })
}

export async function tagsCreate(ctx: Ctx, ids: readonly string[], tags: Tags): Promise<void> {
  await changeAll(ctx, ids, (before) => merged(before, tags))
}

/** A value of undefined removes the key whatever its value; no keys at all remove every tag of the user. */
export async function tagsDelete(
  ctx: Ctx,
  ids: readonly string[],
  wanted: readonly TagInput[],
): Promise<void> {
  const keys = wanted.map(({ key, value }) => ({ key: keyChecked(key), value }))
  await changeAll(ctx, ids, (before) => {
    const kept = Object.entries(before).filter(([key, value]) => {
      if (key.startsWith(RESERVED)) return true
      if (keys.length === 0) return false
      return !keys.some(
        (each) => each.key === key && (each.value === undefined || each.value === value),
      )
    })
    return Object.fromEntries(kept)
  })
}

/** Without effects, for `DryRun`: that everything is there, and that the tags would fit. */
export async function tagsCheck(ctx: Ctx, ids: readonly string[], tags: Tags): Promise<void> {
  for (const { tags: before } of await targetsOf(ctx, ctx.app.store, ids)) merged(before, tags)
}

function merged(before: Tags, tags: Tags): Tags {
  const after = { ...before, ...tags }
  mustFit(after)
  return after
}

/** All tags of the account in the region, in order of resource and key. */
export async function tagsList(ctx: Ctx): Promise<TagEntry[]> {
  const scope = { account: ctx.account, region: ctx.region }
  const [rows, groups] = await Promise.all([
    ctx.app.store.tagsOf(scope),
    ctx.app.store.list('securityGroup', scope),
  ])
  const ofRules = groups.flatMap((group) =>
    group.rules.flatMap((rule) =>
      Object.entries(rule.tags).map(([key, value]): TagEntry => {
        return { resourceId: rule.id, kind: 'securityGroupRule', key, value }
      }),
    ),
  )
  // IAM's tags are listed by IAM alone.
  const ofEc2 = rows.filter((row): row is typeof row & { kind: Ec2Kind } => isEc2Kind(row.kind))
  return [...ofEc2, ...ofRules]
}

const OTHER_KINDS: readonly StoredKind[] = [
  'profileAssociation',
  'launchTemplateVersion',
  'rbinRule',
  'parameter',
  'exportTask',
  'rootTask',
  'importTask',
  'layer',
  'kmsKey',
  'kmsAlias',
  'backupGateway',
  'hypervisor',
  'gatewayMachine',
]

function isEc2Kind(kind: StoredKind): kind is Ec2Kind {
  return (
    !kind.startsWith('iam') &&
    !kind.startsWith('backup') &&
    !kind.startsWith('scaling') &&
    !OTHER_KINDS.includes(kind)
  )
}

type Target = { [K in StoredKind]: StoredTarget<K> }[StoredKind] | RuleTarget

interface StoredTarget<K extends StoredKind> {
  kind: K
  id: string
  tags: Tags
}

interface RuleTarget {
  kind: 'securityGroupRule'
  id: string
  groupId: string
  tags: Tags
}

async function changeAll(ctx: Ctx, ids: readonly string[], change: (tags: Tags) => Tags) {
  await ctx.app.store.transact(async (tx) => {
    for (const target of await targetsOf(ctx, tx, ids)) {
      const tags = change(target.tags)
      if (target.kind === 'securityGroupRule') await ruleRetag(tx, target, tags)
      else await retag(tx, target.kind, target.id, tags)
    }
  })
}

async function retag<K extends StoredKind>(tx: StoreTransaction, kind: K, id: string, tags: Tags) {
  const resource = await tx.get(kind, id)
  if (!resource) throw notFound(kind, id)
  await tx.update(kind, { ...resource, tags } as ResourceTypes[K])
}

async function ruleRetag(tx: StoreTransaction, target: RuleTarget, tags: Tags): Promise<void> {
  // Read anew: another rule of the same group may have been tagged a moment ago.
  const group = await tx.get('securityGroup', target.groupId)
  if (!group) throw notFound('securityGroupRule', target.id)
  const rules = group.rules.map((rule) => (rule.id === target.id ? { ...rule, tags } : rule))
  await tx.update('securityGroup', { ...group, rules })
}

/** @throws Faults `NotFound`, `MalformedId`: for the first id that is not the account's. */
async function targetsOf(ctx: Ctx, reader: StoreReader, ids: readonly string[]): Promise<Target[]> {
  if (ids.length > RESOURCES_MAX) {
    const reason = `at most ${RESOURCES_MAX} resources in one request`
    throw new FaultError({ type: 'LimitExceeded', kind: 'tag', limit: RESOURCES_MAX, reason })
  }
  const unique = [...new Set(ids)]
  let groups: readonly SecurityGroup[] | undefined
  const targets: Target[] = []
  for (const id of unique) {
    const kind = taggableKind(id)
    if (kind === 'securityGroupRule') {
      groups ??= await reader.list('securityGroup', { account: ctx.account, region: ctx.region })
      targets.push(ruleTarget(groups, id))
    } else {
      targets.push(await storedTarget(ctx, reader, kind, id))
    }
  }
  return targets
}

function ruleTarget(groups: readonly SecurityGroup[], id: string): RuleTarget {
  for (const group of groups) {
    const rule = group.rules.find((candidate) => candidate.id === id)
    if (rule) return { kind: 'securityGroupRule', id, groupId: group.id, tags: rule.tags }
  }
  throw notFound('securityGroupRule', id)
}

async function storedTarget(
  ctx: Ctx,
  reader: StoreReader,
  kind: StoredKind,
  id: string,
): Promise<Target> {
  const resource = await reader.get(kind, id)
  const isHere = resource && (resource.region === ctx.region || resource.region === '*')
  if (!isHere) throw notFound(kind, id)
  if (resource.account === ctx.account) return { kind, id, tags: resource.tags } as Target
  // AWS lets every account keep tags of its own on what is shared with it; here tags are part of the resource.
  if ('isPublic' in resource && resource.isPublic) {
    throw new FaultError({ type: 'Unsupported', feature: `tagging ${id} of another account` })
  }
  throw notFound(kind, id)
}

function taggableKind(id: string): TaggableKind {
  const kind = kindOfId(id)
  if (kind === undefined) throw notFound('resource', id)
  parseId(kind, id)
  if (kind === 'securityGroupRule' || isStored(kind)) return kind
  // A kind whose ids are known but that cannot be made here: none exists.
  throw notFound(kind, id)
}

function isStored(kind: ResourceKind): kind is StoredKind & ResourceKind {
  return Object.hasOwn(KINDS, kind)
}
