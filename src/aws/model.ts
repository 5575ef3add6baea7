/**
 * AWS's service models as data: what operations and shapes exist and what they demand. Read from
 * `models/<service>.json` at first use (a large one takes 20 ms), never at start. Nothing here knows a protocol.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { present } from '../lib/assert.ts'

export type Protocol = 'ec2' | 'query' | 'json' | 'rest-json' | 'cbor'

/** The folder names under models/ and src/aws/. */
export type ServiceName =
  | 'ec2'
  | 'sts'
  | 'iam'
  | 'ssm'
  | 'backup'
  | 'backup-gateway'
  | 'kms'
  | 'ebs'
  | 'cloudwatch'
  | 'compute-optimizer'
  | 'organizations'
  | 'ec2-instance-connect'
  | 'rbin'
  | 'cloudtrail'
  | 'autoscaling'
  | 'elbv2'

export interface ShapeReference {
  shape: string
  location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode'
  locationName?: string
  queryName?: string
  flattened?: boolean
  timestampFormat?: TimestampFormat
  idempotencyToken?: boolean
  streaming?: boolean
}

export type TimestampFormat = 'iso8601' | 'unixTimestamp' | 'rfc822'

export interface Shape {
  type: ShapeType
  members?: Record<string, ShapeReference>
  required?: string[]
  payload?: string
  /** Of a list. */
  member?: ShapeReference
  /** Of a map. */
  key?: ShapeReference
  value?: ShapeReference
  flattened?: boolean
  enum?: string[]
  min?: number
  max?: number
  pattern?: string
  /** Not to be shown or noted. */
  sensitive?: boolean
  timestampFormat?: TimestampFormat
  streaming?: boolean
  document?: boolean
  union?: boolean
  exception?: boolean
  fault?: boolean
  error?: { code?: string; httpStatusCode?: number; senderFault?: boolean }
}

export type ShapeType =
  | 'structure'
  | 'list'
  | 'map'
  | 'string'
  | 'character'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'boolean'
  | 'blob'
  | 'timestamp'

export interface OperationModel {
  name: string
  http: { method: string; requestUri: string; responseCode?: number }
  input?: { shape: string }
  output?: { shape: string; resultWrapper?: string }
  errors?: { shape: string }[]
  authtype?: string
  unsignedPayload?: boolean
}

export interface Paginator {
  input_token: string | string[]
  output_token: string | string[]
  limit_key?: string
  result_key: string | string[]
  more_results?: string
}

/** What the documentation of `MaxResults` says beyond the shape. */
export interface PageRules {
  min?: number
  max?: number
  /** Larger values mean `max` instead of an error. */
  clamps?: boolean
  /** Not together with a list of ids. */
  excludesIds?: boolean
}

export interface ServiceModel {
  metadata: {
    apiVersion: string
    endpointPrefix: string
    protocol: 'ec2' | 'query' | 'json' | 'rest-json' | 'smithy-rpc-v2-cbor'
    protocols: string[]
    serviceFullName: string
    serviceId: string
    jsonVersion?: string
    signingName?: string
    targetPrefix?: string
    xmlNamespace?: string
    awsQueryCompatible?: object
  }
  operations: Record<string, OperationModel>
  shapes: Record<string, Shape>
  paginators: Record<string, Paginator>
  filters: Record<string, string[]>
  pages: Record<string, PageRules>
}

export const MODELS_FOLDER = join(import.meta.dirname, '..', '..', 'models')

const loaded = new Map<ServiceName, ServiceModel>()

export function serviceModel(service: ServiceName): ServiceModel {
  let model = loaded.get(service)
  if (model === undefined) {
    const text = readFileSync(join(MODELS_FOLDER, `${service}.json`), 'utf8')
    model = JSON.parse(text) as ServiceModel
    loaded.set(service, model)
  }
  return model
}

export function shapeOf(model: ServiceModel, reference: { shape: string }): Shape {
  return present(model.shapes[reference.shape], `shape ${reference.shape}`)
}

/**
 * The modelled error a code names, by shape name or by the code that Query puts on the wire (IAM's
 * `NoSuchEntity` is the shape `NoSuchEntityException`).
 */
export function errorShape(
  model: ServiceModel,
  code: string,
): { name: string; shape: Shape } | undefined {
  const direct = model.shapes[code]
  if (direct?.exception) return { name: code, shape: direct }
  for (const [name, shape] of Object.entries(model.shapes)) {
    if (shape.exception && shape.error?.code === code) return { name, shape }
  }
  return undefined
}

/** `DescribeKeyPairs` → `describe-key-pairs`, the file of an operation (and the word of the `aws` CLI). */
export function kebabCase(operation: string): string {
  return operation
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}
