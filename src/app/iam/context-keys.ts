/**
 * The condition keys that every request has, whatever it asks for. Source: IAM user guide, "AWS global condition
 * context keys".
 */
import type { Tags } from '../../domain/resource.ts'
import type { Ctx, Principal } from '../context.ts'
import type { OrganisationStanding } from '../organisation/limits.ts'

const TYPES: Record<Principal['type'], string> = {
  root: 'Account',
  user: 'User',
  role: 'AssumedRole',
  federated: 'FederatedUser',
  anonymous: 'Anonymous',
}

export type Keys = Map<string, readonly string[]>

/** Keys are compared without regard to case. */
export function keysFrom(
  entries: Readonly<Record<string, string | readonly string[] | undefined>>,
): Keys {
  const keys: Keys = new Map()
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) continue
    keys.set(key.toLowerCase(), typeof value === 'string' ? [value] : value)
  }
  return keys
}

export function tagKeys(prefix: string, tags: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key}`, value]))
}

export interface RequestFacts {
  /** Of the user or role, with the session's over them. */
  principalTags: Tags
  /** Of the role that the session is of. */
  roleArn?: string | undefined
  userName?: string | undefined
  organisation?: OrganisationStanding
}

/** A request's resource is the caller's account's, where nobody says otherwise. */
function organisationKeys(organisation: OrganisationStanding | undefined) {
  if (!organisation) return {}
  const { id, path } = organisation
  return {
    'aws:PrincipalOrgID': id,
    'aws:PrincipalOrgPaths': [path],
    'aws:ResourceOrgID': id,
    'aws:ResourceOrgPaths': [path],
  }
}

export function globalKeys(ctx: Ctx, facts: RequestFacts): Keys {
  const { principal, app, account } = ctx
  const { session } = principal
  const now = app.clock.now()
  const keys = keysFrom({
    'aws:PrincipalArn': facts.roleArn ?? principal.arn,
    'aws:PrincipalAccount': account,
    'aws:PrincipalType': TYPES[principal.type],
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:SecureTransport': 'false',
    'aws:userid': principal.id,
    'aws:username': facts.userName,
    'aws:SourceIp': ctx.sourceIp?.replace(/^::ffff:(?=\d+\.)/i, ''),
    'aws:UserAgent': ctx.userAgent,
    'aws:Referer': ctx.referer,
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1_000)),
    'aws:RequestedRegion': ctx.region,
    'aws:ResourceAccount': account,
    ...organisationKeys(facts.organisation),
    ...tagKeys('aws:PrincipalTag', facts.principalTags),
  })
  if (session) {
    const more = keysFrom({
      'aws:TokenIssueTime': new Date(session.issuedAt).toISOString(),
      'aws:MultiFactorAuthPresent': String(session.hasMfa),
      'aws:MultiFactorAuthAge': session.hasMfa
        ? String(Math.floor((now - session.issuedAt) / 1_000))
        : undefined,
      'aws:SourceIdentity': session.sourceIdentity ?? undefined,
      'aws:FederatedProvider': session.provider ?? undefined,
      'ec2:SourceInstanceARN':
        session.instanceId === null
          ? undefined
          : `arn:aws:ec2:${session.instancePlace?.region ?? ctx.region}:${account}:instance/${session.instanceId}`,
      'ec2:RoleDelivery': session.roleDelivery,
      'aws:Ec2InstanceSourceVpc': session.instancePlace?.vpcId,
      'aws:Ec2InstanceSourcePrivateIPv4': session.instancePlace?.privateAddress,
    })
    for (const [key, value] of more) keys.set(key, value)
  }
  return keys
}
