/**
 * The gate that every served operation passes: derives what the request needs, evaluates the caller's policies, says
 * no in AWS's words. Root may do everything; so may anybody with `--auth open`, whose callers are all root.
 */
import type { Ctx } from '../../app/context.ts'
import { useRecord } from '../../app/iam/service-use.ts'
import { accountOf } from '../../app/iam/account.ts'
import { documentCompiled } from '../../app/iam/documents.ts'
import { globalKeys, keysFrom } from '../../app/iam/context-keys.ts'
import { EVERYTHING, standingOf, type Standing } from '../../app/iam/principal-policies.ts'
import {
  decide,
  decideWithResource,
  type AccessPrincipal,
  type Decision,
  type PolicyKind,
  type PolicySet,
  type SourcedPolicy,
} from '../../domain/iam/evaluate.ts'
import { FaultError } from '../../domain/faults.ts'
import { autoscalingWanted } from '../autoscaling/authorisation.ts'
import { backupWanted } from '../backup/authorisation.ts'
import { backupGatewayWanted } from '../backup-gateway/authorisation.ts'
import type { EdgeRequest } from '../edge-request.ts'
import { cloudwatchWanted } from '../cloudwatch/authorisation.ts'
import { ebsWanted } from '../ebs/authorisation.ts'
import { instanceConnectWanted } from '../ec2-instance-connect/authorisation.ts'
import { ec2Wanted } from '../ec2/authorisation.ts'
import { elbv2Wanted } from '../elbv2/authorisation.ts'
import { iamWanted } from '../iam/authorisation.ts'
import { kmsWanted } from '../kms/authorisation.ts'
import { rbinWanted } from '../rbin/authorisation.ts'
import type { ServiceName } from '../model.ts'
import { organizationsWanted } from '../organizations/authorisation.ts'
import { ssmWanted } from '../ssm/authorisation.ts'
import { stsWanted } from '../sts/authorisation.ts'
import { WireError } from '../wire-error.ts'
import { endpointKeys, endpointOf, endpointRefusal } from './endpoint-gate.ts'
import { encodedMessage } from './message.ts'
import { requestTagKeys, type Deriver, type Wanted } from './wanted.ts'

/** Services without an entry have no resource-level permissions here: their resource is `*`. */
export const DERIVERS: Partial<Record<ServiceName, Deriver>> = {
  autoscaling: autoscalingWanted,
  backup: backupWanted,
  'backup-gateway': backupGatewayWanted,
  cloudwatch: cloudwatchWanted,
  ebs: ebsWanted,
  ec2: ec2Wanted,
  elbv2: elbv2Wanted,
  'ec2-instance-connect': instanceConnectWanted,
  iam: iamWanted,
  kms: kmsWanted,
  organizations: organizationsWanted,
  rbin: rbinWanted,
  ssm: ssmWanted,
  sts: stsWanted,
}

/** Need no permission, or decide by themselves with the role's trust policy. */
export const FREE: ReadonlySet<string> = new Set([
  'sts:GetCallerIdentity',
  'sts:GetSessionToken',
  'sts:AssumeRole',
  'sts:AssumeRoleWithWebIdentity',
])

export async function authorise(ctx: Ctx, edge: EdgeRequest, input: object): Promise<void> {
  refuseSession(ctx, edge)
  await useRecord(ctx, edge.service)
  const action = `${edge.service}:${edge.operation}`
  const endpoint = await endpointOf(ctx, edge)
  if (FREE.has(action) && !endpoint?.policyDocument) return
  const standing = await standingOf(ctx)
  // Root may do everything, but the policy of a key, of a backup vault or of an endpoint can shut out even root.
  const hasPolicies = edge.service === 'kms' || edge.service === 'backup'
  if (standing === undefined && !hasPolicies && !endpoint?.policyDocument) return
  const { policies, facts } = standing ?? ROOT
  const keysOfAll = globalKeys(ctx, facts)
  const global = endpoint ? endpointKeys(keysOfAll, ctx, endpoint) : keysOfAll
  const onAll = everything(edge.service)
  const derive = DERIVERS[edge.service] ?? onAll
  const derived = await derive(ctx, edge.operation, input as Record<string, unknown>)
  // Names nothing: it is still asked whether the operation itself is allowed.
  const all = derived.length > 0 ? derived : await onAll(ctx, edge.operation, {})
  const shut = endpoint && endpointRefusal(endpoint, principalOf(ctx, facts), global, all)
  if (shut) throw refusal(ctx, edge, shut.wanted, shut.decision, global)
  if (FREE.has(action)) return
  for (const wanted of all) {
    const keys = new Map([...global, ...keysFrom(wanted.keys)])
    const { resource, resourcePolicy } = wanted
    const own = await implied(ctx, wanted.action, policies)
    const request = { action: wanted.action, resource, keys }
    const decision = resourcePolicy
      ? decideWithResource(request, principalOf(ctx, facts), own, resourcePolicy)
      : decide(request, own)
    if (decision.result !== 'allowed') throw refusal(ctx, edge, wanted, decision, keys)
  }
}

const ROOT: Standing = { policies: { identity: [EVERYTHING] }, facts: { principalTags: {} } }

function principalOf({ account, principal }: Ctx, { roleArn }: Standing['facts']): AccessPrincipal {
  const { arn, entityId } = principal
  return { account, arn, ...(roleArn && { roleArn }), ...(entityId && { id: entityId }) }
}

/**
 * A password policy that lets users change their passwords gives them the permission, within all other limits. Source:
 * IAM user guide, "Permit IAM users to change their own passwords".
 */
async function implied(ctx: Ctx, action: string, policies: PolicySet): Promise<PolicySet> {
  const isOwn = action === 'iam:ChangePassword' || action === 'iam:GetAccountPasswordPolicy'
  if (!isOwn || ctx.principal.type !== 'user') return policies
  const { passwordPolicy } = await accountOf(ctx)
  if (!passwordPolicy?.canUsersChange) return policies
  return { ...policies, identity: [...policies.identity, PASSWORD_CHANGE] }
}

const PASSWORD_CHANGE: SourcedPolicy = {
  name: 'AllowUsersToChangePassword',
  policy: documentCompiled(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: ['iam:ChangePassword', 'iam:GetAccountPasswordPolicy'],
        Resource: '*',
      },
    }),
    'identity',
  ),
}

function everything(service: ServiceName): Deriver {
  // The one whose actions are not named as its model is.
  const namespace = service === 'elbv2' ? 'elasticloadbalancing' : service
  return async (_ctx, operation, input) => [
    { action: `${namespace}:${operation}`, resource: '*', keys: requestTagKeys(input) },
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
    (service === 'iam' && (type === 'federated' || !(session.hasMfa || session.isConsole))) ||
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
  endpoint: 'VPC endpoint policy',
}

function refusal(
  ctx: Ctx,
  edge: EdgeRequest,
  { action, resource: name, shown: resource = name }: Wanted,
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
