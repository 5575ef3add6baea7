/**
 * Which service, protocol and operation a request means. All AWS services share one port: the service that a request is
 * signed for decides; unsigned ones are told by `X-Amz-Target`, `Version` or the path. No model is loaded for it.
 */
import type { SignatureClaim } from './auth/sigv4.ts'
import type { Protocol, ServiceName } from './model.ts'
import { matchRest } from './protocol/rest-json.ts'
import type { RestMatch, RestRequest } from './protocol/rest-json.ts'

interface ServiceAddress {
  signingName: string
  /** `Version` of the Query protocols. */
  version?: string
  /** Before the dot in `X-Amz-Target`; the middle of `/service/…/operation/…`. */
  target?: string
  rest?: true
}

/** Taken from the models' metadata; test/unit/aws/route.test.ts compares. */
export const SERVICE_ADDRESSES: Record<ServiceName, ServiceAddress> = {
  ec2: { signingName: 'ec2', version: '2016-11-15' },
  sts: { signingName: 'sts', version: '2011-06-15' },
  iam: { signingName: 'iam', version: '2010-05-08' },
  ssm: { signingName: 'ssm', target: 'AmazonSSM' },
  backup: { signingName: 'backup', rest: true },
  'backup-gateway': { signingName: 'backup-gateway', target: 'BackupOnPremises_v20210101' },
  kms: { signingName: 'kms', target: 'TrentService' },
  ebs: { signingName: 'ebs', rest: true },
  cloudwatch: {
    signingName: 'monitoring',
    version: '2010-08-01',
    target: 'GraniteServiceVersion20100801',
  },
  'compute-optimizer': { signingName: 'compute-optimizer', target: 'ComputeOptimizerService' },
  organizations: { signingName: 'organizations', target: 'AWSOrganizationsV20161128' },
  'ec2-instance-connect': {
    signingName: 'ec2-instance-connect',
    target: 'AWSEC2InstanceConnectService',
  },
  rbin: { signingName: 'rbin', rest: true },
  cloudtrail: {
    signingName: 'cloudtrail',
    target: 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101',
  },
  autoscaling: { signingName: 'autoscaling', version: '2011-01-01' },
  elbv2: { signingName: 'elasticloadbalancing', version: '2015-12-01' },
}

const entries = Object.entries(SERVICE_ADDRESSES) as [ServiceName, ServiceAddress][]
const bySigningName = new Map(entries.map(([service, { signingName }]) => [signingName, service]))
const byTarget = new Map(entries.map(([service, { target }]) => [target, service]))
const byVersion = new Map(entries.map(([service, { version }]) => [version, service]))

export interface Routed {
  /** Undefined: a service we have never heard of. */
  service: ServiceName | undefined
  protocol: Protocol
  /** As the client names it; may be unknown to the model. */
  operation: string | undefined
  rest?: RestMatch
}

export interface RoutableRequest extends RestRequest {
  /** The form of a Query request, from the body or the query string. */
  form: readonly (readonly [string, string])[]
}

export function routeRequest(request: RoutableRequest, claim: SignatureClaim | undefined): Routed {
  const signed = claim && bySigningName.get(claim.service)
  const cbor = /^\/service\/([\w-]+)\/operation\/(\w+)\/?$/.exec(request.path)
  if (request.headers['smithy-protocol'] === 'rpc-v2-cbor' && cbor !== null) {
    return { service: signed ?? byTarget.get(cbor[1]), protocol: 'cbor', operation: cbor[2] }
  }
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') {
    const dot = target.lastIndexOf('.')
    const service = signed ?? byTarget.get(target.slice(0, dot))
    return { service, protocol: 'json', operation: target.slice(dot + 1) }
  }
  const action = request.form.find(([key]) => key === 'Action')?.[1]
  const version = request.form.find(([key]) => key === 'Version')?.[1]
  if (action !== undefined || (version !== undefined && claim === undefined)) {
    const service = claim ? signed : version === undefined ? 'ec2' : byVersion.get(version)
    return { service, protocol: service === 'ec2' ? 'ec2' : 'query', operation: action }
  }
  if (claim === undefined) return routeByPath(request)
  if (signed !== undefined && SERVICE_ADDRESSES[signed].rest) {
    const rest = matchRest(signed, request)
    return { service: signed, protocol: 'rest-json', operation: rest?.operation, rest }
  }
  const protocol = signed === undefined ? 'rest-json' : defaultProtocol(signed)
  return { service: signed, protocol, operation: undefined }
}

function defaultProtocol(service: ServiceName): Protocol {
  if (service === 'ec2') return 'ec2'
  return SERVICE_ADDRESSES[service].target === undefined ? 'query' : 'json'
}

function routeByPath(request: RestRequest): Routed {
  for (const [service, address] of entries) {
    if (!address.rest) continue
    const rest = matchRest(service, request)
    if (rest) return { service, protocol: 'rest-json', operation: rest.operation, rest }
  }
  return { service: undefined, protocol: 'rest-json', operation: undefined }
}

/** Whether a request is meant for AWS at all, rather than for the console, `/health` and the like. */
export function looksLikeAws(request: Omit<RestRequest, 'body'>): boolean {
  const { headers, query } = request
  const authorization = headers.authorization
  if (typeof authorization === 'string' && authorization.startsWith('AWS4-')) return true
  if (headers['x-amz-target'] !== undefined || headers['smithy-protocol'] !== undefined) return true
  if (headers['x-amz-date'] !== undefined) return true
  if (query.some(([key]) => key === 'Action' || key === 'X-Amz-Signature')) return true
  const type = String(headers['content-type'] ?? '')
  return request.method === 'POST' && type.startsWith('application/x-www-form-urlencoded')
}
