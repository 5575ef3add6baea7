/**
 * Customer-managed prefix lists: made, changed, restored, deleted. Every change of entries is a new version and is in
 * force at once wherever the list is named. Source: VPC user guide, "Managed prefix lists" and its quotas.
 */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type IdOf } from '../../domain/ids.ts'
import { cidrFormat, cidrParse } from '../../domain/net/cidr.ts'
import { cidr6Canonical } from '../../domain/net/cidr6.ts'
import { RULES_MAX } from '../../domain/net/group-rules.ts'
import type { RouteTable, SecurityGroup } from '../../domain/network.ts'
import { prefixListNow, type PrefixList, type PrefixListEntry } from '../../domain/prefix-list.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import type { Change } from './change.ts'
import { baseOf, ownGet, scopeOf } from './scope.ts'

type ListId = IdOf<'prefixList'>

/** AWS's quotas: lists in a region, entries of a list, versions that are kept of one. */
const LISTS_MAX = 100
const ENTRIES_MAX = 1_000
const VERSIONS_MAX = 1_000
const TEXT_MAX = 255
const NAME = /^(?!com\.amazonaws)[\s\S]{1,255}$/

export interface EntryRequest {
  cidr: string
  description: string | null
}

export interface PrefixListRequest {
  name: string
  family: string
  maxEntries: number
  entries: readonly EntryRequest[]
  clientToken: string | null
  tags: Tags
}

export function prefixListCreate(ctx: Ctx, request: PrefixListRequest): Change<PrefixList> {
  return async (tx) => {
    const make = () => insert(ctx, tx, request)
    const { clientToken } = request
    const { result } = await onceByToken(ctx, tx, 'CreateManagedPrefixList', clientToken, make)
    return await ownGet(ctx, tx, 'prefixList', result)
  }
}

async function insert(ctx: Ctx, tx: StoreTransaction, request: PrefixListRequest) {
  const { family, maxEntries } = request
  if (family !== 'IPv4' && family !== 'IPv6') {
    throw invalidValue('AddressFamily', family, 'IPv4 or IPv6')
  }
  if ((await tx.count('prefixList', scopeOf(ctx))) >= LISTS_MAX) {
    const reason = 'The maximum number of prefix lists has been reached.'
    throw new FaultError({ type: 'LimitExceeded', kind: 'prefixList', limit: LISTS_MAX, reason })
  }
  const list: PrefixList = {
    ...baseOf(ctx, request.tags),
    id: newId('prefixList', ctx.app.random),
    name: nameChecked(request.name),
    family,
    maxEntries: maxEntriesChecked(maxEntries),
    versions: [{ version: 1, entries: entriesAdded(family, [], request.entries) }],
    lastChange: 'create',
  }
  mustHold(list)
  return (await tx.insert('prefixList', list)).id
}

function nameChecked(name: string): string {
  if (NAME.test(name)) return name
  const reason = `1 to ${TEXT_MAX} characters, not beginning with com.amazonaws`
  throw invalidValue('PrefixListName', name, reason)
}

function maxEntriesChecked(maxEntries: number): number {
  if (maxEntries >= 1 && maxEntries <= ENTRIES_MAX) return maxEntries
  throw invalidValue('MaxEntries', maxEntries, `between 1 and ${ENTRIES_MAX}`)
}

function mustHold(list: PrefixList): void {
  const { entries } = prefixListNow(list)
  if (entries.length <= list.maxEntries) return
  throw new FaultError({
    type: 'LimitExceeded',
    kind: 'prefixListEntry',
    limit: list.maxEntries,
    reason: `You've reached the maximum number of entries for the prefix list (${list.maxEntries}).`,
  })
}

function cidrOf(family: PrefixList['family'], text: string): string {
  const parameter = 'Cidr'
  const isV6 = text.includes(':')
  if (isV6 !== (family === 'IPv6')) throw invalidValue(parameter, text, `not an ${family} block`)
  return isV6 ? cidr6Canonical(text, parameter) : cidrFormat(cidrParse(text, parameter))
}

/** A block that is there already gets the new description. */
function entriesAdded(
  family: PrefixList['family'],
  before: readonly PrefixListEntry[],
  added: readonly EntryRequest[],
): PrefixListEntry[] {
  const entries = new Map(before.map((entry) => [entry.cidr, entry]))
  const seen = new Set<string>()
  for (const { cidr: text, description } of added) {
    const cidr = cidrOf(family, text)
    if (seen.has(cidr)) throw invalidValue('Cidr', text, 'The block is given twice')
    if ((description ?? '').length > TEXT_MAX) {
      throw invalidValue('Description', description, `at most ${TEXT_MAX} characters`)
    }
    seen.add(cidr)
    entries.set(cidr, { cidr, description: description || null })
  }
  return [...entries.values()]
}

export interface PrefixListChanges {
  id: ListId
  currentVersion: number | null
  name: string | null
  maxEntries: number | null
  add: readonly EntryRequest[]
  remove: readonly string[]
}

export function prefixListModify(ctx: Ctx, changes: PrefixListChanges): Change<PrefixList> {
  return async (tx) => {
    const { add, remove } = changes
    let list = await ownGet(ctx, tx, 'prefixList', changes.id)
    const hasEntries = add.length > 0 || remove.length > 0
    if (hasEntries && changes.maxEntries !== null) {
      const parameters = ['MaxEntries', 'AddEntries', 'RemoveEntries']
      const reason = 'You cannot modify the entries and the maximum of entries in one request'
      throw new FaultError({ type: 'InvalidCombination', parameters, reason })
    }
    mustBeCurrent(list, changes.currentVersion, hasEntries)
    if (changes.name !== null) list = { ...list, name: nameChecked(changes.name) }
    if (changes.maxEntries !== null) {
      list = { ...list, maxEntries: maxEntriesChecked(changes.maxEntries) }
      await dependentsMustHold(ctx, tx, list)
    }
    if (hasEntries) list = versionAdd(list, entriesChanged(list, add, remove))
    mustHold(list)
    return await tx.update('prefixList', { ...list, lastChange: 'modify' })
  }
}

function entriesChanged(
  list: PrefixList,
  add: readonly EntryRequest[],
  remove: readonly string[],
): PrefixListEntry[] {
  const { entries } = prefixListNow(list)
  const gone = new Set(remove.map((text) => cidrOf(list.family, text)))
  const missing = [...gone].find((cidr) => !entries.some((entry) => entry.cidr === cidr))
  if (missing) throw invalidValue('RemoveEntries', missing, 'The prefix list has no such entry')
  const kept = entries.filter((entry) => !gone.has(entry.cidr))
  const added = entriesAdded(list.family, kept, add)
  const both = add.find(({ cidr }) => gone.has(cidrOf(list.family, cidr)))
  if (both) throw invalidValue('AddEntries', both.cidr, 'The block is both added and removed')
  return added
}

/** @throws Fault `VersionMismatch`, so that two who change a list at once cannot both win. */
function mustBeCurrent(list: PrefixList, given: number | null, isNeeded: boolean): void {
  const { version } = prefixListNow(list)
  if (given === null && isNeeded) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'CurrentVersion' })
  }
  if (given === null || given === version) return
  throw new FaultError({ type: 'VersionMismatch', kind: 'prefixList', id: list.id, version })
}

function versionAdd(list: PrefixList, entries: readonly PrefixListEntry[]): PrefixList {
  const version = prefixListNow(list).version + 1
  const versions = [...list.versions, { version, entries }].slice(-VERSIONS_MAX)
  return { ...list, versions }
}

export function prefixListRestore(
  ctx: Ctx,
  id: ListId,
  previous: number,
  current: number,
): Change<PrefixList> {
  return async (tx) => {
    const list = await ownGet(ctx, tx, 'prefixList', id)
    mustBeCurrent(list, current, true)
    const restored = versionAdd(list, prefixListVersion(list, previous).entries)
    mustHold(restored)
    return await tx.update('prefixList', { ...restored, lastChange: 'restore' })
  }
}

/** @throws Fault `InvalidValue` for a version that there is not. */
export function prefixListVersion(list: PrefixList, version: number | null) {
  if (version === null) return prefixListNow(list)
  const found = list.versions.find((each) => each.version === version)
  if (found) return found
  throw invalidValue('TargetVersion', version, `The prefix list ${list.id} has no such version`)
}

/** @throws Fault `DependencyViolation` while a rule or a route names it. */
export function prefixListDelete(ctx: Ctx, id: ListId): Change<PrefixList> {
  return async (tx) => {
    const list = await ownGet(ctx, tx, 'prefixList', id)
    const { groups, tables } = await prefixListUsers(tx, id)
    const dependents = [...groups, ...tables].map((each) => each.id)
    if (dependents.length > 0) {
      throw new FaultError({ type: 'DependencyViolation', kind: 'prefixList', id, dependents })
    }
    await tx.remove('prefixList', list)
    return list
  }
}

export async function prefixListUsers(
  reader: StoreReader,
  id: ListId,
): Promise<{ groups: SecurityGroup[]; tables: RouteTable[] }> {
  const reference = { name: 'prefixList', value: id }
  const groups = await reader.list('securityGroup', { reference })
  const tables = await reader.list('routeTable', { reference })
  return { groups, tables }
}

/** "If you reference a prefix list, the maximum number of entries counts as the same number of rules." */
async function dependentsMustHold(ctx: Ctx, reader: StoreReader, list: PrefixList): Promise<void> {
  const sizes = await prefixListSizes(ctx, reader)
  sizes.set(list.id, list.maxEntries)
  for (const group of (await prefixListUsers(reader, list.id)).groups) {
    for (const isEgress of [true, false]) {
      const rules = group.rules.filter((rule) => rule.isEgress === isEgress)
      const weight = rules.reduce((sum, { peer }) => {
        return sum + (peer.type === 'prefixList' ? (sizes.get(peer.listId) ?? 1) : 1)
      }, 0)
      if (weight <= RULES_MAX) continue
      const reason = `The security group ${group.id} would have more than ${RULES_MAX} rules.`
      const kind = 'securityGroupRule'
      throw new FaultError({ type: 'LimitExceeded', kind, limit: RULES_MAX, reason })
    }
  }
}

/** How many rules or routes a list counts for. */
export async function prefixListSizes(ctx: Ctx, reader: StoreReader): Promise<Map<string, number>> {
  const lists = await reader.list('prefixList', scopeOf(ctx))
  return new Map(lists.map((list) => [list.id, list.maxEntries]))
}

/** In place of a block, as the destination of a route. */
export function isPrefixListId(destination: string): boolean {
  return destination.startsWith('pl-')
}

/** For rules and routes that name one. @throws Fault `NotFound`. */
export async function prefixListNamed(ctx: Ctx, reader: StoreReader, id: string) {
  const list = await reader.get('prefixList', id)
  if (list?.account !== ctx.account || list.region !== ctx.region) throw notFound('prefixList', id)
  return list
}
