/**
 * Policy documents: read, checked against AWS's grammar, and compiled for evaluation. What is refused is a
 * `PolicyError` whose words are AWS's. Source: IAM user guide, "Grammar of the IAM JSON policy language".
 */
import { compileCondition, isCidr, type Condition } from './conditions.ts'
import { compilePattern, type Pattern } from './pattern.ts'

/** `resource`: of a key, which names principals as a trust policy does, and resources. */
export type PolicyUse = 'identity' | 'trust' | 'session' | 'resource'

const hasPrincipals = (use: PolicyUse): boolean => use === 'trust' || use === 'resource'

export interface Policy {
  statements: readonly Statement[]
}

export interface PrincipalPattern {
  type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser'
  value: string
}

export interface Statement {
  sid: string
  effect: 'Allow' | 'Deny'
  principals: { isNot: boolean; list: readonly PrincipalPattern[] } | null
  actions: readonly Pattern[]
  /** The same by the service that they begin with: a large policy is not walked through for each request. */
  actionsByService: ActionsByService
  isNotAction: boolean
  /** Null in trust policies: the role itself. */
  resources: readonly Pattern[] | null
  isNotResource: boolean
  conditions: readonly Condition[]
}

export interface ActionsByService {
  named: ReadonlyMap<string, readonly Pattern[]>
  /** With a wildcard before the colon. */
  any: readonly Pattern[]
}

export class PolicyError extends Error {
  override name = 'PolicyError'
}

const SYNTAX = 'Syntax errors in policy.'
const DOCUMENT_KEYS = new Set(['Version', 'Id', 'Statement'])
const STATEMENT_KEYS = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
  'Principal',
  'NotPrincipal',
])
const VERSIONS = ['2012-10-17', '2008-10-17']
const PRINCIPAL_TYPES = new Set(['AWS', 'Service', 'Federated', 'CanonicalUser'])
/** Deep or wide beyond anything that fits into a document's size is not a policy. */
const STATEMENTS_MAX = 1_000

/** @throws PolicyError */
export function parsePolicy(source: string, use: PolicyUse): Policy {
  const document = parseJson(source)
  if (!isObject(document)) throw new PolicyError(SYNTAX)
  for (const key of Object.keys(document)) {
    if (!DOCUMENT_KEYS.has(key)) throw new PolicyError(SYNTAX)
  }
  const version = document.Version ?? '2008-10-17'
  if (typeof version !== 'string') throw new PolicyError(SYNTAX)
  if (!VERSIONS.includes(version)) {
    throw new PolicyError('The policy must contain a valid version string')
  }
  if (!hasPrincipals(use) && version !== '2012-10-17') {
    throw new PolicyError('Policy document must be version 2012-10-17 or greater.')
  }
  if (document.Id !== undefined && typeof document.Id !== 'string') throw new PolicyError(SYNTAX)
  const list = listOf(document.Statement)
  if (list.length === 0 || list.length > STATEMENTS_MAX) throw new PolicyError(SYNTAX)
  const hasVariables = version === '2012-10-17'
  const statements = list.map((item) => parseStatement(item, use, hasVariables))
  const sids = statements.map(({ sid }) => sid).filter((sid) => sid !== '')
  if (new Set(sids).size !== sids.length) {
    throw new PolicyError('Statement IDs (SID) in a single policy must be unique.')
  }
  return { statements }
}

type Json = Record<string, unknown>

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source) as unknown
  } catch {
    throw new PolicyError(SYNTAX)
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function textsOf(value: unknown): string[] {
  const list = listOf(value)
  if (list.some((item) => typeof item !== 'string')) throw new PolicyError(SYNTAX)
  return list as string[]
}

function parseStatement(item: unknown, use: PolicyUse, hasVariables: boolean): Statement {
  if (!isObject(item)) throw new PolicyError(SYNTAX)
  for (const key of Object.keys(item)) {
    if (!STATEMENT_KEYS.has(key)) throw new PolicyError(SYNTAX)
  }
  const { Effect: effect, Sid: sid = '' } = item
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyError(SYNTAX)
  if (typeof sid !== 'string') throw new PolicyError(SYNTAX)
  if (!hasPrincipals(use) && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw new PolicyError(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression ' +
        '[0-9A-Za-z]*',
    )
  }
  if (isBoth(item, 'Action') || isBoth(item, 'Resource') || isBoth(item, 'Principal')) {
    throw new PolicyError(SYNTAX)
  }
  const isNotAction = item.NotAction !== undefined
  const isNotResource = item.NotResource !== undefined
  const actions = actionsOf(textsOf(isNotAction ? item.NotAction : item.Action))
  return {
    sid,
    effect,
    principals: principalsOf(item, use),
    actions,
    actionsByService: byService(actions),
    isNotAction,
    resources: resourcesOf(item, use, hasVariables),
    isNotResource,
    conditions: conditionsOf(item.Condition, hasVariables),
  }
}

function isBoth(item: Json, name: string): boolean {
  return item[name] !== undefined && item[`Not${name}`] !== undefined
}

function byService(actions: readonly Pattern[]): ActionsByService {
  const named = new Map<string, Pattern[]>()
  const any: Pattern[] = []
  for (const action of actions) {
    const service = serviceOf(action.source)
    const list = /[*?]/.test(service) ? any : (named.get(service) ?? [])
    list.push(action)
    if (list !== any) named.set(service, list)
  }
  return { named, any }
}

/** In lower case, as services are compared. */
export function serviceOf(action: string): string {
  const colon = action.indexOf(':')
  return (colon < 0 ? action : action.slice(0, colon)).toLowerCase()
}

function actionsOf(texts: readonly string[]): Pattern[] {
  if (texts.length === 0) throw new PolicyError('Policy statement must contain actions.')
  return texts.map((text) => {
    if (text !== '*') {
      const [vendor = '', ...rest] = text.split(':')
      if (rest.length === 0) {
        const hint = 'e.g., iam, sdb, ec2, etc.'
        throw new PolicyError(`Actions/Conditions must be prefaced by a vendor, ${hint}`)
      }
      if (!/^[A-Za-z0-9-]+$/.test(vendor)) {
        throw new PolicyError(`Vendor ${vendor} is not valid`)
      }
      if (rest.length > 1 || !/^[A-Za-z0-9*?]+$/.test(rest[0]!)) {
        throw new PolicyError('Actions/Condition can contain only one colon.')
      }
    }
    return compilePattern(text, { hasWildcards: true, hasVariables: false })
  })
}

function resourcesOf(item: Json, use: PolicyUse, hasVariables: boolean): Pattern[] | null {
  const name = item.NotResource === undefined ? 'Resource' : 'NotResource'
  if (use === 'trust') {
    if (item[name] !== undefined) throw new PolicyError(`Has prohibited field ${name}`)
    return null
  }
  const texts = textsOf(item[name])
  if (texts.length === 0) throw new PolicyError('Policy statement must contain resources.')
  return texts.map((text) => {
    checkResource(text)
    return compilePattern(text, { hasWildcards: true, hasVariables })
  })
}

function checkResource(text: string): void {
  if (text === '*') return
  const parts = text.split(':')
  if (parts[0] !== 'arn' && !/^[*?]/.test(text)) {
    throw new PolicyError(`Resource ${text} must be in ARN format or "*".`)
  }
  const [, partition = ''] = parts
  if (parts.length > 1 && !/^(?:aws|aws-cn|aws-us-gov|[*?].*|aws.*[*?].*)$/.test(partition)) {
    throw new PolicyError(`Partition "${partition}" is not valid for resource "${text}".`)
  }
  // A trailing `*` may stand for the rest of the ARN.
  if (parts.length < 6 && !text.includes('*')) {
    throw new PolicyError('The policy failed legacy parsing')
  }
}

function conditionsOf(value: unknown, hasVariables: boolean): Condition[] {
  if (value === undefined) return []
  if (!isObject(value)) throw new PolicyError(SYNTAX)
  return Object.entries(value).flatMap(([name, keys]) => {
    if (!isObject(keys)) throw new PolicyError(SYNTAX)
    return Object.entries(keys).map(([key, wanted]) => {
      if (!key.includes(':')) {
        const hint = 'e.g., iam, sdb, ec2, etc.'
        throw new PolicyError(`Actions/Conditions must be prefaced by a vendor, ${hint}`)
      }
      const values = valuesOf(wanted)
      const condition = compileCondition(name, key, values, { hasVariables })
      if (!condition) throw new PolicyError(`Invalid Condition type : ${name}.`)
      if (/IpAddress/i.test(name)) checkCidrs(values)
      return condition
    })
  })
}

function checkCidrs(values: readonly string[]): void {
  const wrong = values.find((value) => !value.includes('${') && !isCidr(value))
  if (wrong !== undefined) throw new PolicyError(`IP address not in CIDR format: ${wrong}`)
}

function valuesOf(wanted: unknown): string[] {
  return listOf(wanted).map((value) => {
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    throw new PolicyError(SYNTAX)
  })
}

function principalsOf(item: Json, use: PolicyUse): Statement['principals'] {
  const isNot = item.NotPrincipal !== undefined
  const value = isNot ? item.NotPrincipal : item.Principal
  if (!hasPrincipals(use)) {
    if (value !== undefined)
      throw new PolicyError('Policy document should not specify a principal.')
    return null
  }
  if (value === undefined) throw new PolicyError('Missing required field Principal')
  if (isNot && item.Effect === 'Allow') {
    throw new PolicyError('Allow with NotPrincipal is not allowed.')
  }
  if (value === '*') return { isNot, list: [{ type: 'AWS', value: '*' }] }
  if (!isObject(value)) throw new PolicyError(SYNTAX)
  const list = Object.entries(value).flatMap(([type, values]) => {
    if (!PRINCIPAL_TYPES.has(type)) throw new PolicyError(SYNTAX)
    return textsOf(values).map((text): PrincipalPattern => {
      return { type: type as PrincipalPattern['type'], value: text }
    })
  })
  if (list.length === 0) throw new PolicyError('Missing required field Principal cannot be empty!')
  return { isNot, list }
}
