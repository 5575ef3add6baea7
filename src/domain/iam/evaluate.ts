/**
 * The decision over one action on one resource, as AWS documents it: an explicit deny anywhere ends it; then every
 * kind of policy that limits (organisation, boundary, session) must allow, and an identity policy or a resource policy
 * must grant. Pure. Source: IAM user guide, "Policy evaluation logic", "…for requests within a single account",
 * "Cross-account policy evaluation logic".
 */
import { conditionHolds } from './conditions.ts'
import { serviceOf, type Policy, type PrincipalPattern, type Statement } from './document.ts'
import { patternMatches, type ContextKeys, type Pattern } from './pattern.ts'

export interface AccessRequest {
  /** `ec2:RunInstances` */
  action: string
  resource: string
  keys: ContextKeys
}

/** Where a policy comes from. */
export interface SourcedPolicy {
  name: string
  policy: Policy
}

/** Who asks, as principals in resource policies name it. */
export interface AccessPrincipal {
  account: string
  /** Of the user, or of the session. */
  arn: string
  /** The session's role. */
  roleArn?: string
  /** A service or an identity provider that acts by itself. */
  service?: string
  federated?: string
  /** The unique ids of the names that the policy was saved with: a namesake made later is somebody else. */
  id?: string
}

export interface PolicySet {
  identity: readonly SourcedPolicy[]
  /** Absent: there is none, which is no limit. */
  boundary?: SourcedPolicy
  /** All of a session's: they grant together. Absent: no limit. */
  session?: readonly SourcedPolicy[]
  /** By step from the root to the account: each must allow. Absent: no limit. */
  organisation?: readonly (readonly SourcedPolicy[])[]
}

export interface ResourcePolicy {
  account: string
  policy: Policy
  /** By the ARN in the policy, the id it meant. */
  ids: Readonly<Record<string, string>>
}

export type PolicyKind =
  | 'identity'
  | 'boundary'
  | 'session'
  | 'organisation'
  | 'resource'
  | 'endpoint'

export type Decision =
  | { result: 'allowed'; matched: readonly MatchedStatement[] }
  | { result: 'explicitDeny'; by: PolicyKind; matched: readonly MatchedStatement[] }
  | { result: 'implicitDeny'; by: PolicyKind; matched: readonly MatchedStatement[] }

export interface MatchedStatement {
  kind: PolicyKind
  policy: string
  sid: string
  effect: 'Allow' | 'Deny'
}

/** Decides where no resource policy has a say. */
export function decide(request: AccessRequest, policies: PolicySet): Decision {
  const found = collect(request, policies)
  const denied = deniedBy(found)
  if (denied) return denied
  const limit = limitedBy(found, policies)
  if (limit) return { result: 'implicitDeny', by: limit, matched: [] }
  return found.identity.some(isAllow)
    ? { result: 'allowed', matched: found.identity.filter(isAllow) }
    : { result: 'implicitDeny', by: 'identity', matched: [] }
}

interface Found extends Record<Exclude<PolicyKind, 'endpoint'>, MatchedStatement[]> {
  /** The organisation's, by step. */
  steps: readonly MatchedStatement[][]
}

function collect(request: AccessRequest, policies: PolicySet): Found {
  const of = (kind: PolicyKind, list: readonly SourcedPolicy[]): MatchedStatement[] =>
    list.flatMap(({ name, policy }) =>
      policy.statements
        .filter((statement) => statementApplies(statement, request))
        .map(({ sid, effect }) => ({ kind, policy: name, sid, effect })),
    )
  const steps = (policies.organisation ?? []).map((step) => of('organisation', step))
  return {
    identity: of('identity', policies.identity),
    boundary: of('boundary', policies.boundary ? [policies.boundary] : []),
    session: of('session', policies.session ?? []),
    organisation: steps.flat(),
    resource: [],
    steps,
  }
}

const isAllow = ({ effect }: MatchedStatement): boolean => effect === 'Allow'

function deniedBy(found: Found): Decision | undefined {
  for (const by of ['organisation', 'resource', 'identity', 'boundary', 'session'] as const) {
    const matched = found[by].filter(({ effect }) => effect === 'Deny')
    if (matched.length > 0) return { result: 'explicitDeny', by, matched }
  }
  return undefined
}

const isLimitedByOrganisation = ({ steps }: Found): boolean =>
  steps.some((step) => !step.some(isAllow))

function limitedBy(found: Found, policies: PolicySet): PolicyKind | undefined {
  if (isLimitedByOrganisation(found)) return 'organisation'
  if (policies.boundary && !found.boundary.some(isAllow)) return 'boundary'
  if (policies.session && !found.session.some(isAllow)) return 'session'
  return undefined
}

/**
 * Decides where a resource policy must agree, as a role's trust policy must: within the account a policy that names the
 * caller itself is enough; one that names only the account leaves the decision to the caller's own policies. Across
 * accounts both sides must allow.
 */
export function decideWithResource(
  request: AccessRequest,
  principal: AccessPrincipal,
  policies: PolicySet,
  resource: ResourcePolicy,
): Decision {
  const found = collect(request, policies)
  let grant: Naming | undefined
  for (const statement of resource.policy.statements) {
    const naming = namingOf(statement, principal, resource.ids)
    // A trust policy's statements have no resources: they are of the role.
    if (!naming || !statementApplies(statement, request)) continue
    const { sid, effect } = statement
    found.resource.push({ kind: 'resource', policy: 'resource', sid, effect })
    if (effect === 'Allow' && (!grant || RANK[naming] > RANK[grant])) grant = naming
  }
  const denied = deniedBy(found)
  if (denied) return denied
  if (!grant) return { result: 'implicitDeny', by: 'resource', matched: [] }
  const granted: Decision = { result: 'allowed', matched: found.resource.filter(isAllow) }
  const isOwn = principal.account === resource.account
  if (principal.service !== undefined || principal.federated !== undefined) return granted
  if (isOwn && grant === 'itself') {
    return isLimitedByOrganisation(found)
      ? { result: 'implicitDeny', by: 'organisation', matched: [] }
      : granted
  }
  const limit = limitedBy(found, policies)
  if (limit) return { result: 'implicitDeny', by: limit, matched: [] }
  if (isOwn && grant === 'role') return granted
  return found.identity.some(isAllow)
    ? granted
    : { result: 'implicitDeny', by: 'identity', matched: [] }
}

/**
 * What a VPC endpoint's policy says of a call that comes through it. It grants nothing: the other policies are asked
 * too. Source: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies".
 */
export function decideAtEndpoint(
  request: AccessRequest,
  principal: AccessPrincipal,
  { name, policy }: SourcedPolicy,
): Decision {
  const by = 'endpoint'
  const found = policy.statements
    .filter(
      (statement) => namingOf(statement, principal, {}) && statementApplies(statement, request),
    )
    .map(({ sid, effect }): MatchedStatement => ({ kind: by, policy: name, sid, effect }))
  const denied = found.filter((each) => !isAllow(each))
  if (denied.length > 0) return { result: 'explicitDeny', by, matched: denied }
  const matched = found.filter(isAllow)
  return matched.length > 0
    ? { result: 'allowed', matched }
    : { result: 'implicitDeny', by, matched: [] }
}

/** How exactly a policy names the caller. */
type Naming = 'account' | 'role' | 'itself'
const RANK: Record<Naming, number> = { account: 0, role: 1, itself: 2 }

function namingOf(
  { principals }: Statement,
  principal: AccessPrincipal,
  ids: Readonly<Record<string, string>>,
): Naming | undefined {
  if (!principals) return undefined
  const namings = principals.list
    .map((pattern) => namedAs(pattern, principal, ids))
    .filter((naming) => naming !== undefined)
  if (principals.isNot) return namings.length === 0 ? 'account' : undefined
  return namings.sort((a, b) => RANK[b] - RANK[a])[0]
}

function namedAs(
  { type, value }: PrincipalPattern,
  principal: AccessPrincipal,
  ids: Readonly<Record<string, string>>,
): Naming | undefined {
  if (type === 'Service') return principal.service === value ? 'itself' : undefined
  if (type === 'Federated') return principal.federated === value ? 'itself' : undefined
  if (type !== 'AWS') return undefined
  if (value === '*') return 'account'
  if (principal.service !== undefined || principal.federated !== undefined) return undefined
  const { account } = principal
  if (value === account || value === `arn:aws:iam::${account}:root`) return 'account'
  const isSame = ids[value] === undefined || ids[value] === principal.id
  if (value === principal.arn && isSame) return 'itself'
  return value === principal.roleArn && isSame ? 'role' : undefined
}

export function statementApplies(statement: Statement, request: AccessRequest): boolean {
  const { resources, isNotResource } = statement
  if (resources !== null) {
    const names = resources.some((pattern) =>
      patternMatches(pattern, request.resource, request.keys),
    )
    if (names === isNotResource) return false
  }
  return bodyApplies(statement, request)
}

/** Action and conditions. */
function bodyApplies(statement: Statement, request: AccessRequest): boolean {
  const { actionsByService, isNotAction, conditions } = statement
  const isNamed = (pattern: Pattern): boolean =>
    patternMatches(pattern, request.action, request.keys, { ignoreCase: true })
  const names =
    actionsByService.any.some(isNamed) ||
    (actionsByService.named.get(serviceOf(request.action))?.some(isNamed) ?? false)
  if (names === isNotAction) return false
  return conditions.every((condition) => conditionHolds(condition, request.keys))
}
