/**
 * STS: what makes temporary credentials. AssumeRole is decided by the role's trust policy together with the caller's
 * own policies. Source: STS API reference (AssumeRole, GetSessionToken, GetFederationToken); IAM user guide, "Methods
 * to assume a role", "Pass session tags".
 */
import { iamArn, type IamRole } from '../../domain/iam/entities.ts'
import { decideWithResource, type Decision } from '../../domain/iam/evaluate.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'
import type { App, Ctx, Principal } from '../context.ts'
import { organisationStanding } from '../organisation/limits.ts'
import { globalKeys, keysFrom, tagKeys } from './context-keys.ts'
import { documentChecked, documentCompiled } from './documents.ts'
import { entityFind, type TagPair } from './entities.ts'
import { malformedPolicy } from './faults.ts'
import { policyFind } from './managed-policies.ts'
import { mfaVerify } from './mfa.ts'
import { standingOf } from './principal-policies.ts'
import { sessionIssue } from './sessions.ts'

const CHAINED_SECONDS_MAX = 3_600
const ROLE_SECONDS_DEFAULT = 3_600
const POLICY_SIZE_MAX = 2_048
const POLICY_ARNS_MAX = 10
const SESSION_TAGS_MAX = 50

export interface SessionRequest {
  policy?: string | undefined
  policyArns: readonly string[]
  tags: Tags
}

export interface AssumeRequest extends SessionRequest {
  roleArn: string
  sessionName: string
  durationSeconds?: number | undefined
  externalId?: string | undefined
  transitiveTagKeys: readonly string[]
  sourceIdentity?: string | undefined
  mfa?: { serial: string; code: string } | undefined
}

export function unauthorized(ctx: Ctx, action: string, resource: string, more = ''): FaultError {
  const reason = `User: ${ctx.principal.arn} is not authorized to perform: ${action} on resource: ${resource}${more}`
  return new FaultError({ type: 'Unauthorized', action, reason })
}

export async function roleFind(app: App, roleArn: string): Promise<IamRole | undefined> {
  const [, account = '', path = ''] = /^arn:aws:iam::(\d{12}):role(\/.+)$/.exec(roleArn) ?? []
  const role = await entityFind(account, app.store, 'iamRole', path.split('/').at(-1)!)
  return role && iamArn('iamRole', role) === roleArn ? role : undefined
}

export async function roleAssume(ctx: Ctx, request: AssumeRequest) {
  const { app, principal } = ctx
  if (principal.type === 'root') {
    throw new FaultError({
      type: 'Unauthorized',
      action: 'sts:AssumeRole',
      reason: 'Roles may not be assumed by root accounts.',
    })
  }
  const inherited = inheritedTags(principal)
  await sessionChecked(ctx, request)
  const role = await roleFind(app, request.roleArn)
  // A role that is not there and one that may not be assumed look the same.
  if (!role) throw unauthorized(ctx, 'sts:AssumeRole', request.roleArn)
  const hasMfa = request.mfa ? await mfaVerify(ctx, request.mfa.serial, request.mfa.code) : false
  if (request.mfa && !hasMfa) {
    const reason = 'MultiFactorAuthentication failed with invalid MFA one time pass code. '
    throw new FaultError({ type: 'Unauthorized', action: 'sts:AssumeRole', reason })
  }
  await trustCheck(ctx, role, request, hasMfa)
  const isChained = principal.type === 'role'
  const seconds = durationOf(role, request.durationSeconds, isChained)
  const tags = { ...request.tags, ...inherited }
  const sourceIdentity = principal.session?.sourceIdentity ?? request.sourceIdentity ?? null
  const assumed = assumedPrincipal(role, request.sessionName)
  const credentials = sessionIssue(app, role.account, assumed, seconds, {
    policies: request.policy === undefined ? [] : [request.policy],
    policyArns: request.policyArns,
    tags,
    transitiveTagKeys: [...new Set([...request.transitiveTagKeys, ...Object.keys(inherited)])],
    hasMfa,
    sourceIdentity,
  })
  return {
    credentials,
    principal: assumed,
    sourceIdentity,
    packedSize: packedSizeOf(request, tags),
  }
}

export function assumedPrincipal(role: IamRole, sessionName: string) {
  return {
    type: 'role' as const,
    arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${sessionName}`,
    id: `${role.id}:${sessionName}`,
    entityId: role.id,
  }
}

/** Transitive tags go along a chain and cannot be set anew. */
function inheritedTags({ session }: Principal): Tags {
  const keys = new Set(session?.transitiveTagKeys)
  return Object.fromEntries(Object.entries(session?.tags ?? {}).filter(([key]) => keys.has(key)))
}

export function durationOf(role: IamRole, wanted: number | undefined, isChained: boolean): number {
  const seconds = wanted ?? ROLE_SECONDS_DEFAULT
  if (isChained && seconds > CHAINED_SECONDS_MAX) {
    const reason =
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.'
    throw validation(reason)
  }
  if (seconds > role.sessionSecondsMax && wanted !== undefined) {
    throw validation(
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  }
  return Math.min(seconds, role.sessionSecondsMax)
}

const validation = (message: string): FaultError =>
  new FaultError({ type: 'Service', code: 'ValidationError', message })

async function trustCheck(ctx: Ctx, role: IamRole, request: AssumeRequest, hasMfa: boolean) {
  const standing = (await standingOf(ctx))!
  const there = await organisationStanding(ctx.app, role.account)
  if (there?.isClosed) {
    throw unauthorized(ctx, 'sts:AssumeRole', request.roleArn, ': its account is closed')
  }
  const inherited = Object.keys(inheritedTags(ctx.principal))
  const clash = Object.keys(request.tags).find((key) => inherited.includes(key))
  if (clash !== undefined) {
    throw validation(
      `One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.`,
    )
  }
  const keys = globalKeys(ctx, standing.facts)
  const own = keysFrom({
    'sts:ExternalId': request.externalId,
    'sts:RoleSessionName': request.sessionName,
    'sts:SourceIdentity': request.sourceIdentity,
    'sts:TransitiveTagKeys': request.transitiveTagKeys,
    'aws:TagKeys': Object.keys(request.tags),
    'aws:ResourceAccount': role.account,
    'aws:ResourceOrgID': there?.id ?? [],
    'aws:ResourceOrgPaths': there ? [there.path] : [],
    'aws:MultiFactorAuthPresent': hasMfa ? 'true' : undefined,
    'aws:MultiFactorAuthAge': hasMfa ? '0' : undefined,
    ...tagKeys('aws:RequestTag', request.tags),
    ...tagKeys('aws:ResourceTag', role.tags),
    ...tagKeys('iam:ResourceTag', role.tags),
  })
  for (const [key, value] of own) keys.set(key, value)
  const actions = ['sts:AssumeRole']
  if (Object.keys(request.tags).length > 0 || inherited.length > 0) actions.push('sts:TagSession')
  if (request.sourceIdentity !== undefined) actions.push('sts:SetSourceIdentity')
  for (const action of actions) {
    const decision: Decision = decideWithResource(
      { action, resource: request.roleArn, keys },
      {
        account: ctx.account,
        arn: ctx.principal.arn,
        ...(standing.facts.roleArn && { roleArn: standing.facts.roleArn }),
        ...(ctx.principal.entityId && { id: ctx.principal.entityId }),
      },
      standing.policies,
      {
        account: role.account,
        policy: documentCompiled(role.trustPolicy, 'trust'),
        ids: role.trustIds,
      },
    )
    if (decision.result !== 'allowed') {
      const words = decision.result === 'explicitDeny' ? ' with an explicit deny' : ''
      throw unauthorized(ctx, action, request.roleArn, words)
    }
  }
}

/** Session policies and tags of a request. @throws MalformedPolicyDocument, PackedPolicyTooLarge */
export async function sessionChecked(ctx: Ctx, request: SessionRequest): Promise<void> {
  if (request.policy !== undefined) {
    if (request.policy.length > POLICY_SIZE_MAX) {
      throw invalidValue(
        'Policy',
        '…',
        `a session policy has at most ${POLICY_SIZE_MAX} characters`,
      )
    }
    documentChecked(request.policy, 'session')
  }
  if (request.policyArns.length > POLICY_ARNS_MAX) {
    throw validation(`A session has at most ${POLICY_ARNS_MAX} managed session policies.`)
  }
  for (const arn of request.policyArns) {
    if (!(await policyFind(ctx.account, ctx.app.store, arn))) {
      throw malformedPolicy(`The specified managed policy ARN ${arn} does not exist.`)
    }
  }
  if (packedSizeOf(request, request.tags) > 100) {
    throw new FaultError({
      type: 'Service',
      code: 'PackedPolicyTooLargeException',
      message: 'Packed size of session policies and session tags exceeds the limit.',
    })
  }
}

export function sessionTags(pairs: readonly TagPair[] | undefined): Tags {
  const tags: Record<string, string> = {}
  for (const { Key: key = '', Value: value = '' } of pairs ?? []) {
    if (Object.keys(tags).some((one) => one.toLowerCase() === key.toLowerCase())) {
      throw validation('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
    }
    if (key.toLowerCase().startsWith('aws:')) throw validation('Tag keys may not begin with aws:.')
    tags[key] = value
  }
  if (Object.keys(tags).length > SESSION_TAGS_MAX) {
    throw validation(`A session has at most ${SESSION_TAGS_MAX} tags.`)
  }
  return tags
}

/** Percent of what a session may carry. AWS's packing is its own; this is the plain size of the same things. */
const PACKED_BYTES_MAX = 8_192

export function packedSizeOf(request: SessionRequest, tags: Tags): number {
  const text = [request.policy ?? '', ...request.policyArns, ...Object.entries(tags).flat()].join(
    '',
  )
  return text === ''
    ? 0
    : Math.max(1, Math.ceil((Buffer.byteLength(text) * 100) / PACKED_BYTES_MAX))
}
