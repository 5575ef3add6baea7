/**
 * Writes `models/<service>.json` from AWS's own service models as botocore ships them (Apache-2.0, see NOTICE):
 * shapes, operations, paginators and waiters, without prose. From the prose it keeps what only prose says: the
 * filters that each Describe operation documents, and the bounds of `MaxResults`.
 *
 *   node scripts/generate-models.ts --from <botocore>/data      write
 *   node scripts/generate-models.ts --check [--from …]          fail if a committed file differs
 *
 * Without a botocore of the version in models/VERSION.json `--check` has nothing to compare with and says so.
 * One line a shape: small files, and differences that can be read.
 */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'

export const SERVICES = [
  'ec2',
  'sts',
  'iam',
  'ssm',
  'backup',
  'backup-gateway',
  'kms',
  'ebs',
  'cloudwatch',
  'compute-optimizer',
  'organizations',
  'ec2-instance-connect',
  'rbin',
  'cloudtrail',
  'autoscaling',
  'elbv2',
] as const

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Fields = Record<string, Json>

const MODELS = join(import.meta.dirname, '..', 'models')

/** Prose and what a server has no use for. */
const DROPPED = new Set([
  'documentation',
  'documentationUrl',
  'deprecatedMessage',
  'deprecatedSince',
  'endpoint',
  'endpointdiscovery',
  'endpointoperation',
  'staticContextParams',
  'operationContextParams',
  'contextParam',
  'httpChecksum',
  'synthetic',
  'xmlOrder',
])

/** `trim` walks the model's own keys only where a key is a keyword; names of members and shapes are kept. */
function trim(value: Json): Json {
  if (Array.isArray(value)) return value.map(trim)
  if (value === null || typeof value !== 'object') return value
  const out: Fields = {}
  for (const [key, item] of Object.entries(value)) {
    if (DROPPED.has(key) && typeof item !== 'object') continue
    if (DROPPED.has(key) && key !== 'documentation') continue
    out[key] = key === 'members' ? trimMembers(item as Fields) : trim(item)
  }
  return out
}

function trimMembers(members: Fields): Fields {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, trim(member)]))
}

/** Packagers compress some of the files, all or none. */
function readJson(folder: string, file: string): Fields | undefined {
  const path = join(folder, file)
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Fields
  if (!existsSync(`${path}.gz`)) return undefined
  return JSON.parse(gunzipSync(readFileSync(`${path}.gz`)).toString('utf8')) as Fields
}

function plain(documentation: string): string {
  return documentation.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
}

/** `<li> <p> <code>name</code> - …`, sometimes without the `<code>`; `tag:<key>` is the member written `tag`. */
export function filtersOf(documentation: string): string[] {
  const names = new Set<string>()
  for (const [, item = ''] of documentation.matchAll(/<li>([\s\S]*?)<\/li>/g)) {
    const coded = /^\s*(?:<p>)?\s*<code>\s*([^<]+?)\s*<\/code>(.*)/s.exec(item)
    const bare = /^\s*(?:<p>)?\s*([a-z][a-z0-9.-]+)\s+-\s/.exec(item)
    const name = coded?.[1] ?? bare?.[1]
    if (name === undefined) continue
    if (/^tag(?::|$)/.test(name)) names.add('tag:<key>')
    else if (/^[A-Za-z][\w.-]*$/.test(name)) names.add(name)
  }
  return [...names].sort()
}

/** What the prose of `MaxResults` adds to the shape. */
export function pageRulesOf(documentation: string): Fields | undefined {
  const text = plain(documentation)
  const bounds = /between ([\d,]+) and ([\d,]+)/.exec(text)
  const rules: Fields = {}
  if (bounds) {
    rules.min = Number(bounds[1]!.replaceAll(',', ''))
    rules.max = Number(bounds[2]!.replaceAll(',', ''))
  }
  if (/larger than|greater than [\d,]+, we return only/.test(text) && /only/.test(text)) {
    rules.clamps = true
  }
  if (/cannot specify this parameter and the/i.test(text)) rules.excludesIds = true
  return Object.keys(rules).length > 0 ? rules : undefined
}

function proseFacts(model: Fields): { filters: Fields; pages: Fields } {
  const shapes = model.shapes as Record<string, Fields>
  const filters: Fields = {}
  const pages: Fields = {}
  for (const [name, operation] of Object.entries(model.operations as Record<string, Fields>)) {
    const input = shapes[(operation.input as Fields | undefined)?.shape as string]
    const members = (input?.members ?? {}) as Record<string, Fields>
    const documented = filtersOf((members.Filters?.documentation ?? '') as string)
    if (members.Filters && documented.length > 0) filters[name] = documented
    const rules = pageRulesOf((members.MaxResults?.documentation ?? '') as string)
    if (rules) pages[name] = rules
  }
  return { filters, pages }
}

/** Minified, but a line for each entry of the big tables. */
function render(model: Record<string, Fields>): string {
  const sections = Object.entries(model).map(([section, entries]) => {
    const lines = Object.keys(entries)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${JSON.stringify(entries[key])}`)
    return `${JSON.stringify(section)}:{\n${lines.join(',\n')}\n}`
  })
  return `{${sections.join(',\n')}}\n`
}

function generate(service: string, data: string): string {
  const folder = join(data, service)
  const newest = readdirSync(folder).sort().at(-1)!
  const raw = readJson(join(folder, newest), 'service-2.json')!
  const extras = (file: string, key: string): Fields =>
    (readJson(join(folder, newest), file)?.[key] ?? {}) as Fields
  return render({
    metadata: trim(raw.metadata!) as Fields,
    operations: trimMembers(raw.operations as Fields),
    shapes: trimMembers(raw.shapes as Fields),
    paginators: extras('paginators-1.json', 'pagination'),
    waiters: extras('waiters-2.json', 'waiters'),
    ...proseFacts(raw),
  })
}

function botocoreVersion(data: string): string {
  const text = readFileSync(join(data, '..', '__init__.py'), 'utf8')
  return /__version__ = '([^']+)'/.exec(text)?.[1] ?? 'unknown'
}

/** Where distributions and pip put botocore; only for `--check`, which needs the very version. */
function findBotocore(version: string | undefined): string | undefined {
  const folders = globSync([
    '/usr/lib/python3*/site-packages/botocore/data',
    '/usr/lib/python3/dist-packages/botocore/data',
    '/usr/local/lib/python3*/*-packages/botocore/data',
  ])
  return folders.find((folder) => botocoreVersion(folder) === version)
}

export function generateModels(options: { from?: string | undefined; isCheck: boolean }): void {
  const { from, isCheck } = options
  const versionFile = join(MODELS, 'VERSION.json')
  const committed = existsSync(versionFile)
    ? (JSON.parse(readFileSync(versionFile, 'utf8')) as { botocore: string }).botocore
    : undefined
  const data = from ?? (isCheck ? findBotocore(committed) : undefined)
  if (data === undefined || (isCheck && botocoreVersion(data) !== committed)) {
    if (!isCheck) throw new Error('say where botocore is: --from <botocore>/data')
    console.log(`models: no botocore ${committed} here to compare with, skipped`)
    return
  }
  mkdirSync(MODELS, { recursive: true })
  const stale: string[] = []
  for (const service of SERVICES) {
    const path = join(MODELS, `${service}.json`)
    const text = generate(service, data)
    const same = existsSync(path) && readFileSync(path, 'utf8') === text
    if (same) continue
    if (isCheck) stale.push(service)
    else writeFileSync(path, text)
  }
  if (stale.length > 0)
    throw new Error(`models are stale: ${stale.join(', ')}; run npm run generate`)
  if (!isCheck) {
    writeFileSync(versionFile, `${JSON.stringify({ botocore: botocoreVersion(data) }, null, 2)}\n`)
  }
  console.log(`models: ${SERVICES.length} services of botocore ${botocoreVersion(data)}`)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, check: { type: 'boolean', default: false } },
  })
  generateModels({ from: values.from, isCheck: values.check })
}
