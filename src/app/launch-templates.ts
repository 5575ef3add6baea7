/**
 * Launch templates: made, given further versions, deleted, found for a launch. What a template says is checked when an
 * instance is launched from it, not before, as on AWS. Source: EC2 user guide, "Store instance launch parameters".
 */
import { FaultError, invalidValue, notFound } from '../domain/faults.ts'
import { newId, type IdOf } from '../domain/ids.ts'
import {
  versionId,
  type LaunchTemplate,
  type LaunchTemplateData,
  type LaunchTemplateVersion,
} from '../domain/launch-template.ts'
import type { Tags } from '../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../store/store.ts'
import { onceByToken } from './client-tokens.ts'
import type { Ctx } from './context.ts'
import { claiming } from './network/change.ts'
import { baseOf, ownGet, ownList, scopeOf } from './network/scope.ts'

/** AWS's quotas. */
const TEMPLATES_MAX = 5_000
const VERSIONS_MAX = 10_000

/** By id or by name, one of them. */
export interface TemplateTarget {
  id: IdOf<'launchTemplate'> | null
  name: string | null
}

export interface VersionContents {
  description: string | null
  data: LaunchTemplateData
}

export async function templateFind(
  ctx: Ctx,
  reader: StoreReader,
  { id, name }: TemplateTarget,
): Promise<LaunchTemplate> {
  if (id !== null && name !== null) {
    const parameters = ['LaunchTemplateId', 'LaunchTemplateName']
    const reason = 'Specify either the ID or the name of the launch template, not both'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (id !== null) return await ownGet(ctx, reader, 'launchTemplate', id)
  if (name === null) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'LaunchTemplateId' })
  }
  const reference = { name: 'name', value: name }
  const [found] = await reader.list('launchTemplate', { ...scopeOf(ctx), reference })
  if (!found) throw notFound('launchTemplateName', name)
  return found
}

export async function templateCreate(
  ctx: Ctx,
  request: VersionContents & { name: string; clientToken: string | null; tags: Tags },
): Promise<LaunchTemplate> {
  const { name, clientToken } = request
  const make = async (tx: StoreTransaction) => {
    const { result } = await onceByToken(ctx, tx, 'CreateLaunchTemplate', clientToken, async () => {
      if ((await tx.count('launchTemplate', scopeOf(ctx))) >= TEMPLATES_MAX) {
        throw tooMany('launchTemplate', TEMPLATES_MAX, 'launch templates in this region')
      }
      const template = await tx.insert('launchTemplate', {
        ...baseOf(ctx, request.tags),
        id: newId('launchTemplate', ctx.app.random),
        name,
        createdBy: ctx.principal.arn,
        defaultVersion: 1,
        latestVersion: 1,
      })
      await versionInsert(ctx, tx, template, 1, request)
      return template.id
    })
    return await ownGet(ctx, tx, 'launchTemplate', result)
  }
  const taken = () => new FaultError({ type: 'Duplicate', kind: 'launchTemplate', name })
  return await claiming(() => ctx.app.store.transact(make), taken)
}

function tooMany(kind: string, limit: number, what: string): FaultError {
  const reason = `The maximum number of ${what} has been reached.`
  return new FaultError({ type: 'LimitExceeded', kind, limit, reason })
}

async function versionInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  template: LaunchTemplate,
  version: number,
  { description, data }: VersionContents,
): Promise<LaunchTemplateVersion> {
  return await tx.insert('launchTemplateVersion', {
    ...baseOf(ctx),
    id: versionId(template.id, version),
    templateId: template.id,
    version,
    description,
    createdBy: ctx.principal.arn,
    data,
  })
}

export interface NewVersion extends VersionContents {
  target: TemplateTarget
  /** The version to start from; null: from nothing. */
  source: string | null
  clientToken: string | null
}

export interface VersionOf {
  template: LaunchTemplate
  version: LaunchTemplateVersion
}

/** `merge` lays the new parameters over those of the source. */
export async function versionCreate(
  ctx: Ctx,
  request: NewVersion,
  merge: (source: LaunchTemplateData, data: LaunchTemplateData) => LaunchTemplateData,
): Promise<VersionOf> {
  return await ctx.app.store.transact(async (tx) => {
    const { target, source, clientToken } = request
    const operation = 'CreateLaunchTemplateVersion'
    const { result } = await onceByToken(ctx, tx, operation, clientToken, async () => {
      const template = await templateFind(ctx, tx, target)
      const reference = { name: 'template', value: template.id }
      if ((await tx.count('launchTemplateVersion', { reference })) >= VERSIONS_MAX) {
        throw tooMany('launchTemplateVersion', VERSIONS_MAX, 'versions of this launch template')
      }
      const base = source === null ? {} : (await versionFind(tx, template, source)).data
      const data = merge(base, request.data)
      const number = template.latestVersion + 1
      const { id } = await versionInsert(ctx, tx, template, number, { ...request, data })
      await tx.update('launchTemplate', { ...template, latestVersion: number })
      return { template: template.id, version: id }
    })
    const version = await tx.get('launchTemplateVersion', result.version)
    return { template: await ownGet(ctx, tx, 'launchTemplate', result.template), version: version! }
  })
}

/** `$Latest`, `$Default` or a number. @throws Faults `NotFound`, `InvalidValue`. */
export async function versionFind(
  reader: StoreReader,
  template: LaunchTemplate,
  text: string,
): Promise<LaunchTemplateVersion> {
  const number = versionNumber(template, text)
  const found = await reader.get('launchTemplateVersion', versionId(template.id, number))
  if (found) return found
  throw notFound('launchTemplateVersion', String(number), template.id)
}

export function versionNumber(template: LaunchTemplate, text: string): number {
  if (text === '$Latest') return template.latestVersion
  if (text === '$Default') return template.defaultVersion
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw invalidValue('Version', text, 'a version number, $Latest or $Default')
}

export async function templateModify(
  ctx: Ctx,
  target: TemplateTarget,
  defaultVersion: string,
): Promise<LaunchTemplate> {
  return await ctx.app.store.transact(async (tx) => {
    const template = await templateFind(ctx, tx, target)
    const { version } = await versionFind(tx, template, defaultVersion)
    return await tx.update('launchTemplate', { ...template, defaultVersion: version })
  })
}

/** All its versions go with it. */
export async function templateDelete(ctx: Ctx, target: TemplateTarget): Promise<LaunchTemplate> {
  return await ctx.app.store.transact(async (tx) => {
    const template = await templateFind(ctx, tx, target)
    for (const version of await versionsOf(tx, template)) {
      await tx.remove('launchTemplateVersion', version)
    }
    await tx.remove('launchTemplate', template)
    return template
  })
}

async function versionsOf(reader: StoreReader, { id }: LaunchTemplate) {
  const reference = { name: 'template', value: id }
  const versions = await reader.list('launchTemplateVersion', { reference })
  return versions.sort((a, b) => b.version - a.version)
}

export interface VersionDeletion {
  version: number
  /** Why not; null: it is gone. */
  refusal: 'missing' | 'default' | null
}

/** Each for itself: what cannot be deleted is said, the others are gone. */
export async function versionsDelete(
  ctx: Ctx,
  target: TemplateTarget,
  wanted: readonly string[],
): Promise<{ template: LaunchTemplate; results: VersionDeletion[] }> {
  return await ctx.app.store.transact(async (tx) => {
    const template = await templateFind(ctx, tx, target)
    const results: VersionDeletion[] = []
    for (const version of new Set(wanted.map((text) => versionNumber(template, text)))) {
      const found = await tx.get('launchTemplateVersion', versionId(template.id, version))
      if (!found) results.push({ version, refusal: 'missing' })
      else if (version === template.defaultVersion) results.push({ version, refusal: 'default' })
      else {
        await tx.remove('launchTemplateVersion', found)
        results.push({ version, refusal: null })
      }
    }
    const [latest] = await versionsOf(tx, template)
    const latestVersion = latest?.version ?? template.latestVersion
    return { template: await tx.update('launchTemplate', { ...template, latestVersion }), results }
  })
}

export async function templatesList(
  ctx: Ctx,
  ids: readonly IdOf<'launchTemplate'>[],
  names: readonly string[],
): Promise<LaunchTemplate[]> {
  const { store } = ctx.app
  if (names.length === 0) return await ownList(ctx, 'launchTemplate', ids)
  const found = ids.length > 0 ? await ownList(ctx, 'launchTemplate', ids) : []
  for (const name of names) found.push(await templateFind(ctx, store, { id: null, name }))
  return [...new Map(found.map((each) => [each.id, each])).values()]
}

export interface VersionsQuery {
  /** null: of all templates, when only `$Latest` and `$Default` are asked for. */
  target: TemplateTarget | null
  versions: readonly string[]
  min: string | null
  max: string | null
}

/** Newest first within a template. */
export async function versionsList(ctx: Ctx, query: VersionsQuery): Promise<VersionOf[]> {
  const { store } = ctx.app
  const { target, versions } = query
  if (target) {
    const template = await templateFind(ctx, store, target)
    const found =
      versions.length > 0
        ? await versionsNamed(store, template, versions)
        : (await versionsOf(store, template)).filter(withinOf(template, query))
    return found.map((version) => ({ template, version }))
  }
  if (versions.length === 0 || versions.some((each) => !each.startsWith('$'))) {
    const hint = 'only the versions $Latest and $Default can be described for all templates'
    throw new FaultError({ type: 'MissingParameter', parameter: 'LaunchTemplateId', hint })
  }
  const found: VersionOf[] = []
  for (const template of await store.list('launchTemplate', scopeOf(ctx))) {
    for (const version of await versionsNamed(store, template, versions)) {
      found.push({ template, version })
    }
  }
  return found
}

async function versionsNamed(
  reader: StoreReader,
  template: LaunchTemplate,
  versions: readonly string[],
): Promise<LaunchTemplateVersion[]> {
  const found = new Map<number, LaunchTemplateVersion>()
  for (const text of versions) {
    const one = await versionFind(reader, template, text)
    found.set(one.version, one)
  }
  return [...found.values()].sort((a, b) => b.version - a.version)
}

function withinOf(template: LaunchTemplate, { min, max }: VersionsQuery) {
  const from = min === null ? 0 : versionNumber(template, min)
  const to = max === null ? Number.MAX_SAFE_INTEGER : versionNumber(template, max)
  return ({ version }: LaunchTemplateVersion): boolean => version >= from && version <= to
}
