/** Parameters between Systems Manager's words and ours: names, ARNs, selectors, answers. */
import type { Parameter as ParameterAnswer, ParameterMetadata, Tag } from '@aws-sdk/client-ssm'
import { parameterReferenceOf, type ParameterReference } from '../../app/parameters.ts'
import type { Ctx } from '../../app/context.ts'
import { ssmFault, valueShown } from '../../app/parameter-store.ts'
import type { FaultError } from '../../domain/faults.ts'
import {
  parameterArnOf,
  type Parameter,
  type ParameterValue,
  type ParameterVersion,
  type StoredParameter,
} from '../../domain/parameter.ts'
import type { Tags } from '../../domain/resource.ts'

/** `NAME`, `ARN`, either with `:SELECTOR`. An ARN of another region or account names nothing of ours. */
export function referenceOf(ctx: Ctx, text: string): ParameterReference | null {
  if (!text.startsWith('arn:')) return parameterReferenceOf(text)
  const parts = /^arn:[^:]+:ssm:([^:]*):([^:]*):parameter(\/[^:]+)(?::([^:]+))?$/.exec(text)
  if (!parts) throw validation(`Invalid parameter ARN: ${text}`)
  const [, region, account, path = '', selector = null] = parts
  const isOurs = region === ctx.region && (account === '' || account === ctx.account)
  // The ARN of a name without a path has a slash that the name has not.
  const name = path.lastIndexOf('/') === 0 && account !== '' ? path.slice(1) : path
  return isOurs ? { name, selector } : null
}

export async function parameterAnswer(
  ctx: Ctx,
  parameter: Parameter,
  version: ParameterVersion,
  { selector = null, isDecrypted }: { selector?: string | null; isDecrypted: boolean },
): Promise<ParameterAnswer> {
  const { name } = parameter
  const { own } = version
  return {
    Name: name,
    Type: own?.type ?? 'String',
    Value: own ? await valueShown(ctx, name, own, isDecrypted) : version.value,
    Version: version.version,
    ...(selector !== null && { Selector: `:${selector}` }),
    LastModifiedDate: new Date(version.modifiedAt),
    ARN: own
      ? parameterArnOf({ ...ctx, name })
      : // AWS's public parameters belong to no account.
        `arn:aws:ssm:${ctx.region}::parameter${name}`,
    DataType: own?.dataType ?? 'text',
  }
}

/** Of one that is the account's own: all that is said of it but its value. */
export function metadataAnswer(
  parameter: StoredParameter,
  value: ParameterValue,
): ParameterMetadata {
  return {
    Name: parameter.name,
    ARN: parameterArnOf(parameter),
    Type: value.type,
    ...(value.keyId !== null && { KeyId: value.keyId }),
    LastModifiedDate: new Date(value.modifiedAt),
    LastModifiedUser: value.modifiedBy,
    ...(value.description !== '' && { Description: value.description }),
    Version: value.version,
    Tier: value.tier,
    Policies: [],
    DataType: value.dataType,
  }
}

export function validation(message: string): FaultError {
  return ssmFault('ValidationException', message)
}

export const tagsOf = (tags: readonly Tag[] = []): Tags =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!]))

export const presentTags = (tags: Tags): Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

/** Of the resources that have tags there are parameters here, named by their names. */
export function taggedName(type: string | undefined, id: string | undefined): string {
  if (type === 'Parameter') return id!
  throw ssmFault(
    'InvalidResourceType',
    `Resources of the type ${type} are not served: Parameter is.`,
  )
}
