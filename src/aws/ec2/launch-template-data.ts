/**
 * Launch templates in requests: what a launch from a template asks for, which template a request means, what a new
 * version takes from an older one. Parameters of the request override those of the template; lists whose items have
 * a key of their own (devices, interfaces, tags) are joined by it. Source: EC2 user guide, "Launch instances from a
 * launch template" and API reference, CreateLaunchTemplateVersion.
 */
import type { RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../app/context.ts'
import { templateFind, versionFind, type TemplateTarget } from '../../app/launch-templates.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'
import type { LaunchTemplateData } from '../../domain/launch-template.ts'

type Members = Record<string, unknown>

export function templateTarget(input: {
  LaunchTemplateId?: string | undefined
  LaunchTemplateName?: string | undefined
}): TemplateTarget {
  return {
    id: input.LaunchTemplateId ? parseId('launchTemplate', input.LaunchTemplateId) : null,
    name: input.LaunchTemplateName || null,
  }
}

/** @throws Fault `MissingParameter` when it says nothing at all. */
export function templateData(data: object | undefined): LaunchTemplateData {
  const given = Object.fromEntries(
    Object.entries(data ?? {}).filter(([, value]) => value !== undefined),
  )
  if (Object.keys(given).length > 0) return given
  const hint = 'it must have at least one parameter'
  throw new FaultError({ type: 'MissingParameter', parameter: 'LaunchTemplateData', hint })
}

/** Items of these lists are the same when they have the same key. */
const KEYED: Readonly<Record<string, string>> = {
  BlockDeviceMappings: 'DeviceName',
  NetworkInterfaces: 'DeviceIndex',
  TagSpecifications: 'ResourceType',
  Tags: 'Key',
}

/** What `over` says, over what `base` says. */
export function templateMerge(
  base: LaunchTemplateData,
  over: LaunchTemplateData,
): LaunchTemplateData {
  const merged: Members = { ...base }
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) continue
    merged[name] = mergeMember(name, base[name], value)
  }
  return merged
}

function mergeMember(name: string, before: unknown, value: unknown): unknown {
  const key = KEYED[name]
  if (key && Array.isArray(before) && Array.isArray(value)) {
    return mergeLists(key, before as Members[], value as Members[])
  }
  if (isMembers(before) && isMembers(value)) return templateMerge(before, value)
  return value
}

function mergeLists(key: string, before: readonly Members[], over: readonly Members[]): Members[] {
  // An interface without an index is the first.
  const keyOf = (item: Members): string => String(item[key] ?? 0)
  const items = new Map(before.map((item) => [keyOf(item), item]))
  for (const item of over) {
    const same = items.get(keyOf(item))
    items.set(keyOf(item), same ? { ...templateMerge(same, item) } : item)
  }
  return [...items.values()]
}

function isMembers(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

/** Tags by which an instance tells what it was launched from. */
const ORIGIN = 'aws:ec2launchtemplate:'

export interface LaunchInput {
  input: RunInstancesRequest
  /** For the instance; a user cannot set them. */
  originTags: Readonly<Record<string, string>>
  templateId: string | null
}

/** By request: what was authorised is what is launched, though somebody makes a new version or default meanwhile. */
const resolved = new WeakMap<RunInstancesRequest, Promise<LaunchInput>>()

/** The request as it would be without the template. @throws Faults `NotFound`, `InvalidCombination`. */
export async function launchInputOf(ctx: Ctx, input: RunInstancesRequest): Promise<LaunchInput> {
  if (!input.LaunchTemplate) return { input, originTags: {}, templateId: null }
  const known = resolved.get(input)
  if (known) return known
  const found = launchInputResolve(ctx, input)
  resolved.set(input, found)
  return found
}

async function launchInputResolve(ctx: Ctx, input: RunInstancesRequest): Promise<LaunchInput> {
  const { LaunchTemplate: named, ...request } = input
  const { store } = ctx.app
  const template = await templateFind(ctx, store, templateTarget(named!))
  const { data, version } = await versionFind(store, template, named!.Version || '$Default')
  const { RamDiskId, ElasticGpuSpecifications, ...known } = data
  const same = {
    ...known,
    ...renamed({ RamdiskId: RamDiskId, ElasticGpuSpecification: ElasticGpuSpecifications }),
  }
  const merged = templateMerge(same, request as unknown as LaunchTemplateData)
  return {
    input: merged as unknown as RunInstancesRequest,
    templateId: template.id,
    originTags: { [`${ORIGIN}id`]: template.id, [`${ORIGIN}version`]: String(version) },
  }
}

function renamed(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
