/**
 * AssumeRoleWithWebIdentity: a token of an issuer that the role's account knows, for a role that trusts the issuer. No
 * AWS credentials are needed. Source: STS API reference; IAM user guide, "Available keys for AWS OIDC federation".
 */
import { decodeJwt, type JWTPayload } from 'jose'
import type { IamProvider, IamRole } from '../../domain/iam/entities.ts'
import { decideWithResource } from '../../domain/iam/evaluate.ts'
import { FaultError } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import { organisationStanding } from '../organisation/limits.ts'
import {
  assumedPrincipal,
  durationOf,
  packedSizeOf,
  roleFind,
  sessionChecked,
  sessionTags,
} from './assume-role.ts'
import { globalKeys, keysFrom, tagKeys, type Keys } from './context-keys.ts'
import { documentCompiled } from './documents.ts'
import { invalidToken, tokenVerify } from './issuer-keys.ts'
import { oidcArn } from './providers.ts'
import { sessionIssue } from './sessions.ts'

export interface WebIdentityRequest {
  roleArn: string
  sessionName: string
  token: string
  durationSeconds?: number | undefined
  policy?: string | undefined
  policyArns: readonly string[]
}

const TAGS_CLAIM = 'https://aws.amazon.com/tags'
const SOURCE_CLAIM = 'https://aws.amazon.com/source_identity'

const refused = (action = 'sts:AssumeRoleWithWebIdentity'): FaultError =>
  new FaultError({ type: 'Unauthorized', action, reason: `Not authorized to perform ${action}` })

export async function webIdentityAssume(ctx: Ctx, request: WebIdentityRequest) {
  const { app } = ctx
  const role = await roleFind(app, request.roleArn)
  if (!role) throw refused()
  const provider = await providerOf(ctx, role, issuerOf(request.token))
  const claims = await tokenVerify(app, provider, request.token)
  const said = claimedOf(claims)
  const grant = { policy: request.policy, policyArns: request.policyArns, tags: said.tags }
  await sessionChecked({ ...ctx, account: role.account }, grant)
  await trustCheck(ctx, role, provider, request, said)
  const assumed = assumedPrincipal(role, request.sessionName)
  const seconds = durationOf(role, request.durationSeconds, false)
  const credentials = sessionIssue(app, role.account, assumed, seconds, {
    policies: request.policy === undefined ? [] : [request.policy],
    policyArns: request.policyArns,
    tags: said.tags,
    transitiveTagKeys: said.transitiveTagKeys,
    sourceIdentity: said.sourceIdentity,
    provider: provider.id,
  })
  return {
    credentials,
    principal: assumed,
    providerArn: provider.id,
    subject: claims.sub!,
    audience: said.audience,
    sourceIdentity: said.sourceIdentity,
    packedSize: packedSizeOf(grant, said.tags),
  }
}

/** Only to find the provider: nothing of the token is believed yet. */
function issuerOf(token: string): string {
  try {
    const { iss } = decodeJwt(token)
    if (typeof iss === 'string') return iss
  } catch {
    // jose throws for what is no JWT; how it is none helps nobody.
  }
  throw invalidToken(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  )
}

async function providerOf(ctx: Ctx, role: IamRole, issuer: string): Promise<IamProvider> {
  const found = await ctx.app.store.get('iamProvider', oidcArn(role.account, issuer))
  if (found?.url === issuer) return found
  throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`)
}

interface Claimed {
  tags: Tags
  transitiveTagKeys: readonly string[]
  sourceIdentity: string | null
  audience: string
  conditions: Readonly<Record<string, string | readonly string[] | undefined>>
}

function claimedOf(claims: JWTPayload): Claimed {
  const { azp, amr, aud } = claims as JWTPayload & { azp?: unknown; amr?: unknown }
  const [first = ''] = [aud ?? []].flat()
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const session = (claims[TAGS_CLAIM] ?? {}) as {
    principal_tags?: Record<string, unknown>
    transitive_tag_keys?: unknown
  }
  const pairs = Object.entries(session.principal_tags ?? {}).map(([Key, value]) => {
    const [Value] = [value].flat()
    if (typeof Value !== 'string') throw invalidToken(`The tag ${Key} in the ID token has no text`)
    return { Key, Value }
  })
  const transitive = [session.transitive_tag_keys ?? []].flat()
  return {
    tags: sessionTags(pairs),
    transitiveTagKeys: transitive.filter((key) => typeof key === 'string'),
    sourceIdentity: text(claims[SOURCE_CLAIM]) ?? null,
    audience: first,
    conditions: {
      // Of a token made for one party and used by another, the one that uses it.
      aud: text(azp) ?? [aud ?? []].flat(),
      oaud: [aud ?? []].flat(),
      azp: text(azp),
      sub: claims.sub,
      amr: Array.isArray(amr) ? amr.filter((one) => typeof one === 'string') : text(amr),
    },
  }
}

async function trustCheck(
  ctx: Ctx,
  role: IamRole,
  provider: IamProvider,
  request: WebIdentityRequest,
  said: Claimed,
): Promise<void> {
  const there = await organisationStanding(ctx.app, role.account)
  if (there?.isClosed) throw refused()
  const keys = keysOf(ctx, role, provider, request, said)
  const actions = ['sts:AssumeRoleWithWebIdentity']
  if (Object.keys(said.tags).length > 0) actions.push('sts:TagSession')
  if (said.sourceIdentity !== null) actions.push('sts:SetSourceIdentity')
  for (const action of actions) {
    const { result } = decideWithResource(
      { action, resource: request.roleArn, keys },
      { account: role.account, arn: provider.id, federated: provider.id },
      { identity: [] },
      {
        account: role.account,
        policy: documentCompiled(role.trustPolicy, 'trust'),
        ids: role.trustIds,
      },
    )
    if (result !== 'allowed') throw refused(action)
  }
}

/** Nobody of AWS asks: the keys of a principal are absent, those of the token are there. */
function keysOf(
  ctx: Ctx,
  role: IamRole,
  provider: IamProvider,
  request: WebIdentityRequest,
  said: Claimed,
): Keys {
  const keys = globalKeys({ ...ctx, account: role.account }, { principalTags: {} })
  for (const key of keys.keys()) {
    if (/^aws:(?:principal|userid|username)/.test(key)) keys.delete(key)
  }
  const issuer = provider.url!.replace(/^https?:\/\//, '')
  const own = keysFrom({
    ...Object.fromEntries(
      Object.entries(said.conditions).map(([name, value]) => [`${issuer}:${name}`, value]),
    ),
    'aws:FederatedProvider': provider.id,
    'sts:RoleSessionName': request.sessionName,
    'sts:SourceIdentity': said.sourceIdentity ?? undefined,
    'sts:TransitiveTagKeys': said.transitiveTagKeys,
    'aws:TagKeys': Object.keys(said.tags),
    ...tagKeys('aws:RequestTag', said.tags),
    ...tagKeys('aws:ResourceTag', role.tags),
    ...tagKeys('iam:ResourceTag', role.tags),
  })
  for (const [key, value] of own) keys.set(key, value)
  return keys
}
