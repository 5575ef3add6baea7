/**
 * The gate that every served operation passes: derives what the request needs, evaluates the caller's policies, says
 * no in AWS's words. Root may do everything; so may anybody with `--auth open`, whose callers are all root.
 */
import type { Ctx } from '../../app/context.ts'
import { useRecord } from '../../app/iam/access-keys.ts'
import { globalKeys, keysFrom } from '../../app/iam/context-keys.ts'
import { EVERYTHING, standingOf, type Standing } from '../../app/iam/principal-policies.ts'
import {
  decide,
  decideWithResource,
  type AccessPrincipal,
  type Decision,
  type PolicyKind,
} from '../../domain/iam/evaluate.ts'
import { FaultError } from '../../domain/faults.ts'
import type { EdgeRequest } from '../dispatch.ts'
import { ebsWanted } from '../ebs/authorisation.ts'
import { ec2Wanted } from '../ec2/authorisation.ts'
import { iamWanted } from '../iam/authorisation.ts'
import { kmsWanted } from '../kms/authorisation.ts'
import { rbinWanted } from '../rbin/authorisation.ts'
import type { ServiceName } from '../model.ts'
import { ssmWanted } from '../ssm/authorisation.ts'
import { stsWanted } from '../sts/authorisation.ts'
import { WireError } from '../wire-error.ts'
import { encodedMessage } from './message.ts'
import { requestTagKeys, type Deriver, type Wanted } from './wanted.ts'

/** Services without an entry have no resource-level permissions here: their resource is `*`. */
export const DERIVERS: Partial<Record<ServiceName, Deriver>> = {
  ebs: ebsWanted,
  ec2: ec2Wanted,
  iam: iamWanted,
  kms: kmsWanted,
  rbin: rbinWanted,
  ssm: ssmWanted,
  sts: stsWanted,
}

/** Need no permission, or decide by themselves with the role's trust policy. */
export const FREE: ReadonlySet<string> = new Set([
  'sts:GetCallerIdentity',
  'sts:GetSessionToken',
  'sts:AssumeRole',
])

export async function authorise(ctx: Ctx, edge: EdgeRequest, input: object): Promise<void> {
  refuseSession(ctx, edge)
  await useRecord(ctx, edge.service)
  const action = `${edge.service}:${edge.operation}`
  if (FREE.has(action)) return
  const standing = await standingOf(ctx)
  // Root may do everything, but a key's policy can shut out even root.
  if (standing === undefined && edge.service !== 'kms') return
  const { policies, facts } = standing ?? ROOT
  const derive = DERIVERS[edge.service] ?? everything(edge.service)
  for (const wanted of await derive(ctx, edge.operation, input as Record<string, unknown>)) {
    const keys = globalKeys(ctx, facts)
    for (const [key, value] of keysFrom(wanted.keys)) keys.set(key, value)
    const { resource, resourcePolicy } = wanted
    const request = { action: wanted.action, resource, keys }
    const decision = resourcePolicy
      ? decideWithResource(request, principalOf(ctx, facts), policies, resourcePolicy)
      : decide(request, policies)
    if (decision.result !== 'allowed') throw refusal(ctx, edge, wanted, decision, keys)
  }
}

const ROOT: Standing = { policies: { identity: [EVERYTHING] }, facts: { principalTags: {} } }

function principalOf({ account, principal }: Ctx, { roleArn }: Standing['facts']): AccessPrincipal {
  const { arn, entityId } = principal
  return { account, arn, ...(roleArn && { roleArn }), ...(entityId && { id: entityId }) }
}

function everything(service: ServiceName): Deriver {
  return async (_ctx, operation, input) => [
    { action: `${service}:${operation}`, resource: '*', keys: requestTagKeys(input) },
  ]
}

/**
 * What some temporary credentials can never call, whatever policies say. Source: IAM user guide, "Compare AWS STS
 * credentials".
 */
function refuseSession({ principal }: Ctx, { service, operation }: EdgeRequest): void {
  const { type, session } = principal
  if (!session) return
  const action = `${service}:${operation}`
  if (action === 'sts:GetSessionToken' || action === 'sts:GetFederationToken') {
    const reason = `Cannot call ${operation} with session credentials`
    throw new FaultError({ type: 'Unauthorized', action, reason })
  }
  if (type === 'role') return
  const isRefused =
    (service === 'iam' && (type === 'federated' || !session.hasMfa)) ||
    (service === 'sts' &&
      operation !== 'GetCallerIdentity' &&
      !(type !== 'federated' && operation === 'AssumeRole'))
  if (isRefused) {
    const text = 'The security token included in the request is invalid'
    throw new WireError('InvalidClientTokenId', text, { status: 403 })
  }
}

const NOUNS: Record<PolicyKind, string> = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  organisation: 'service control policy',
  resource: 'resource-based policy',
}

function refusal(
  ctx: Ctx,
  edge: EdgeRequest,
  { action, resource }: Wanted,
  decision: Exclude<Decision, { result: 'allowed' }>,
  keys: ReadonlyMap<string, readonly string[]>,
): FaultError {
  const noun = NOUNS[decision.by]
  const article = noun === 'identity-based policy' ? 'an' : 'a'
  const because =
    decision.result === 'explicitDeny'
      ? `with an explicit deny in ${article} ${noun}`
      : `because no ${noun} allows the ${action} action`
  const on = resource === '*' ? '' : ` on resource: ${resource}`
  let reason = `User: ${ctx.principal.arn} is not authorized to perform: ${action}${on} ${because}`
  if (edge.service === 'ec2') {
    const message = encodedMessage(ctx, { action, resource, decision, keys })
    reason += `. Encoded authorization failure message: ${message}`
  }
  return new FaultError({ type: 'Unauthorized', action, reason })
}
