/**
 * A call as CloudTrail records it. Noted are calls that change something, whoever made them and however they ended;
 * sign-ins and roles taken on; and anything that was refused for want of a permission. What only reads is not: an open
 * console would fill the history with its own looks. Source: CloudTrail user guide, "CloudTrail record contents".
 */
import { randomUUID } from 'node:crypto'
import type { Principal } from '../../app/context.ts'
import type { TrailEvent } from '../../domain/trail.ts'
import type { EdgeRequest } from '../edge-request.ts'
import { serviceModel, type ServiceModel } from '../model.ts'
import { parametersKept } from './parameters.ts'
import { resourcesOf } from './resources.ts'

export interface EndedCall {
  edge: EdgeRequest
  input: Readonly<Record<string, unknown>>
  output?: Readonly<Record<string, unknown>> | undefined
  /** Absent: it was done. */
  error?: { code: string; message: string; status: number } | undefined
  at: number
}

const READS =
  /^(?:Describe|Get|List|Lookup|Search|Simulate|Decode|Export|Preview|Verify|BatchGet|Check)/
/** Not by their names: what CloudTrail calls reads, and events of data, which are in no event history. */
const READS_TOO: ReadonlySet<string> = new Set([
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:ReEncrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateRandom',
  'kms:GenerateMac',
  'kms:Sign',
  'kms:DeriveSharedSecret',
  'iam:GenerateCredentialReport',
  'iam:GenerateServiceLastAccessedDetails',
  'ebs:PutSnapshotBlock',
  'cloudwatch:PutMetricData',
])
/** They give somebody a way in. */
const NOTED_READS: ReadonlySet<string> = new Set([
  'sts:AssumeRole',
  'sts:AssumeRoleWithWebIdentity',
  'sts:GetFederationToken',
  'sts:GetSessionToken',
  'ec2:GetPasswordData',
])
const DENIED = /^(?:UnauthorizedOperation|AccessDenied(?:Exception)?|AuthFailure)$/

export function isNoted({ service, operation }: EdgeRequest, code: string | undefined): boolean {
  const action = `${service}:${operation}`
  if (!isReadOnly(action) || NOTED_READS.has(action)) return true
  return code !== undefined && DENIED.test(code)
}

function isReadOnly(action: string): boolean {
  const operation = action.slice(action.indexOf(':') + 1)
  return READS.test(operation) || READS_TOO.has(action) || action.startsWith('sts:')
}

export function trailEvent(call: EndedCall): TrailEvent {
  const { edge, input, output, error, at } = call
  const { service, operation, principal, region, requestId } = edge
  const model = serviceModel(service)
  const known = model.operations[operation]
  const resources = resourcesOf(output ? [input, output] : [input])
  const source = `${model.metadata.endpointPrefix}.amazonaws.com`
  const account = accountOf(edge, input)
  const isRead = isReadOnly(`${service}:${operation}`)
  const id = randomUUID()
  const record = {
    eventVersion: '1.11',
    userIdentity: identityOf(principal, account),
    eventTime: new Date(at).toISOString().replace(/\.\d+/, ''),
    eventSource: source,
    eventName: operation,
    awsRegion: region,
    sourceIPAddress: edge.sourceIp.replace(/^::ffff:/, ''),
    userAgent: edge.userAgent ?? '',
    ...(error && { errorCode: codeOf(service, error), errorMessage: error.message }),
    requestParameters: parametersKept(model, known?.input, input),
    responseElements: isRead || !output ? null : responseOf(model, known?.output, output),
    requestID: requestId,
    eventID: id,
    readOnly: isRead,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  }
  return {
    id,
    account,
    region,
    at,
    name: operation,
    source,
    isReadOnly: isRead,
    userName: userNameOf(principal),
    accessKeyId: principal.accessKeyId,
    resources,
    record: JSON.stringify(record),
  }
}

/** Who takes on a role by an identity of another provider has no account: the role's counts. */
function accountOf({ account, principal }: EdgeRequest, input: EndedCall['input']): string {
  if (principal.type !== 'anonymous') return account
  return /^arn:aws:iam::(\d{12}):/.exec(String(input.RoleArn ?? ''))?.[1] ?? account
}

/** EC2 says whose fault it was. */
function codeOf(service: string, { code, status }: { code: string; status: number }): string {
  return service === 'ec2' ? `${status < 500 ? 'Client' : 'Server'}.${code}` : code
}

function responseOf(model: ServiceModel, reference: { shape: string } | undefined, output: object) {
  const kept = parametersKept(model, reference, output)
  return Object.keys(output).length === 0 ? null : kept
}

function userNameOf({ type, arn }: Principal): string {
  if (type === 'root') return 'root'
  return arn.split('/').at(-1) ?? arn
}

const TYPES: Readonly<Record<Principal['type'], string>> = {
  root: 'Root',
  user: 'IAMUser',
  role: 'AssumedRole',
  federated: 'FederatedUser',
  anonymous: 'WebIdentityUser',
}

function identityOf(principal: Principal, accountId: string): object {
  const { type, arn, id, accessKeyId, session } = principal
  const issuer = type === 'role' ? arn.split('/').at(-2) : undefined
  return {
    type: TYPES[type],
    principalId: id,
    arn,
    accountId,
    accessKeyId,
    ...(type === 'user' && { userName: userNameOf(principal) }),
    ...(session && {
      sessionContext: {
        ...(issuer !== undefined && {
          sessionIssuer: {
            type: 'Role',
            principalId: id.split(':')[0],
            arn: `arn:aws:iam::${accountId}:role/${issuer}`,
            accountId,
            userName: issuer,
          },
        }),
        attributes: {
          creationDate: new Date(session.issuedAt).toISOString().replace(/\.\d+/, ''),
          mfaAuthenticated: String(session.hasMfa),
        },
        ...(session.sourceIdentity !== null && { sourceIdentity: session.sourceIdentity }),
      },
    }),
  }
}
