/** Parameters between Systems Manager's words and ours: names, ARNs, selectors, answers. */
import type { Parameter as ParameterAnswer } from '@aws-sdk/client-ssm'
import {
  parameterReferenceOf,
  type Parameter,
  type ParameterReference,
  type ParameterVersion,
} from '../../app/parameters.ts'
import type { Ctx } from '../../app/context.ts'
import { FaultError } from '../../domain/faults.ts'

/** `NAME`, `ARN`, either with `:SELECTOR`. An ARN of another region or account names nothing of ours. */
export function referenceOf(ctx: Ctx, text: string): ParameterReference | null {
  if (!text.startsWith('arn:')) return parameterReferenceOf(text)
  const parts = /^arn:[^:]+:ssm:([^:]*):([^:]*):parameter(\/[^:]+)(?::([^:]+))?$/.exec(text)
  if (!parts) throw validation(`Invalid parameter ARN: ${text}`)
  const [, region, account, name = '', selector = null] = parts
  const isOurs = region === ctx.region && (account === '' || account === ctx.account)
  return isOurs ? { name, selector } : null
}

export function parameterAnswer(
  ctx: Ctx,
  parameter: Parameter,
  version: ParameterVersion,
  selector: string | null = null,
): ParameterAnswer {
  return {
    Name: parameter.name,
    Type: 'String',
    Value: version.value,
    Version: version.version,
    ...(selector !== null && { Selector: `:${selector}` }),
    LastModifiedDate: new Date(version.modifiedAt),
    // AWS's public parameters belong to no account.
    ARN: `arn:aws:ssm:${ctx.region}::parameter${parameter.name}`,
    DataType: 'text',
  }
}

export function validation(message: string): FaultError {
  return new FaultError({ type: 'Service', code: 'ValidationException', message })
}
