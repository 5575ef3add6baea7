/**
 * Parameter Store: an account's own parameters, with their last hundred versions; secrets are enciphered under a key of
 * KMS. Source: Systems Manager user guide, "AWS Systems Manager Parameter Store"; API reference, PutParameter.
 */
import { FaultError } from '../domain/faults.ts'
import { parseId } from '../domain/ids.ts'
import {
  parameterArnOf,
  parameterId,
  type Parameter,
  type ParameterType,
  type ParameterValue,
  type StoredParameter,
} from '../domain/parameter.ts'
import type { Tags } from '../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../store/store.ts'
import type { Ctx } from './context.ts'
import { imageGet } from './images/list.ts'
import { decipher, encipher, keyIdOf } from './kms/crypto.ts'
import { keyFind, usable } from './kms/find.ts'
import { serviceKeyEnsure } from './kms/keys.ts'
import { baseOf, scopeOf } from './network/scope.ts'

export const SSM_ALIAS = 'alias/aws/ssm'
/** AWS's quotas: of a region, of a parameter, of a value by its tier, of a name and its path. */
const PARAMETERS_MAX = 10_000
const VERSIONS_MAX = 100
const VALUE_MAX = { Standard: 4_096, Advanced: 8_192 }
const NAME_MAX = 1_011
const LEVELS_MAX = 15
const TAGS_MAX = 50

export function ssmFault(code: string, message: string): FaultError {
  return new FaultError({ type: 'Service', code, message })
}

const invalid = (message: string): FaultError => ssmFault('ValidationException', message)

export const parameterMissing = (name: string): FaultError =>
  ssmFault('ParameterNotFound', `Parameter ${name} not found.`)

/** Of AWS's own, which belong to no account. */
export const isPublicName = (name: string): boolean => name.startsWith('/aws/')

export interface PutRequest {
  name: string
  value: string
  /** Null: as it is; of a new one it must be said. */
  type: ParameterType | null
  keyId: string | null
  description: string | null
  tier: 'Standard' | 'Advanced' | 'Intelligent-Tiering'
  dataType: string | null
  isOverwriting: boolean
  tags: Tags
}

/** @throws the service's faults. */
export async function parameterPut(ctx: Ctx, request: PutRequest): Promise<ParameterValue> {
  const { name, isOverwriting, tags } = request
  nameCheck(name)
  if (isOverwriting && Object.keys(tags).length > 0) {
    throw invalid(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove " +
        'overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or ' +
        'RemoveTagsFromResource.',
    )
  }
  return ctx.app.store.transact(async (tx) => {
    const found = await storedGet(ctx, name, tx)
    if (found && !isOverwriting) {
      throw ssmFault(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      )
    }
    const value = await valueOf(ctx, tx, request, found?.values.at(-1))
    if (found) {
      const values = [...found.values, value].slice(-VERSIONS_MAX)
      await tx.update('parameter', { ...found, values })
      return value
    }
    if ((await tx.count('parameter', scopeOf(ctx))) >= PARAMETERS_MAX) {
      const words = `An account can have ${PARAMETERS_MAX} parameters in a region.`
      throw ssmFault('ParameterLimitExceeded', words)
    }
    const id = parameterId(ctx.account, ctx.region, name)
    await tx.insert('parameter', { ...baseOf(ctx, limited(tags)), id, name, values: [value] })
    return value
  })
}

async function valueOf(
  ctx: Ctx,
  tx: StoreTransaction,
  request: PutRequest,
  last: ParameterValue | undefined,
): Promise<ParameterValue> {
  const type = request.type ?? last?.type
  if (type === undefined) throw invalid('A parameter type is required when you create a parameter.')
  if (last && (type === 'SecureString') !== (last.type === 'SecureString')) {
    const words = 'Parameter type change between SecureString and the others is not supported.'
    throw ssmFault('HierarchyTypeMismatchException', words)
  }
  const dataType = await dataTypeOf(ctx, request, type, last)
  const keyId = await keyOf(ctx, request.keyId ?? last?.keyId ?? null, type)
  return {
    version: (last?.version ?? 0) + 1,
    type,
    value: keyId === null ? request.value : await sealed(ctx, tx, request, keyId),
    keyId,
    description: request.description ?? last?.description ?? '',
    tier: tierOf(request, last),
    dataType,
    modifiedAt: ctx.app.clock.now(),
    modifiedBy: ctx.principal.arn,
  }
}

function tierOf({ tier, value }: PutRequest, last: ParameterValue | undefined) {
  const bytes = Buffer.byteLength(value)
  // One that is advanced cannot become less.
  const isAdvanced = tier === 'Advanced' || last?.tier === 'Advanced'
  const isLarge = bytes > VALUE_MAX.Standard
  const chosen = isAdvanced || (tier === 'Intelligent-Tiering' && isLarge) ? 'Advanced' : 'Standard'
  if (bytes === 0) throw invalid('A parameter has a value.')
  if (bytes > VALUE_MAX[chosen]) {
    throw invalid(
      `${chosen} tier parameters support a maximum parameter value of ${VALUE_MAX[chosen]} characters.`,
    )
  }
  return chosen
}

async function dataTypeOf(
  ctx: Ctx,
  { dataType, value }: PutRequest,
  type: ParameterType,
  last: ParameterValue | undefined,
): Promise<ParameterValue['dataType']> {
  const chosen = dataType ?? last?.dataType ?? 'text'
  if (chosen === 'text') return chosen
  if (chosen !== 'aws:ec2:image') throw invalid(`The data type ${chosen} is not supported.`)
  if (type !== 'String') throw invalid('Only a String can have the data type aws:ec2:image.')
  try {
    await imageGet(ctx, parseId('image', value))
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    throw invalid(`The parameter value ${value} is not the id of an image that is there.`)
  }
  return chosen
}

async function keyOf(ctx: Ctx, keyId: string | null, type: ParameterType): Promise<string | null> {
  if (type !== 'SecureString') {
    if (keyId === null) return null
    throw invalid('KeyId is required for SecureString type parameter only.')
  }
  const text = keyId ?? SSM_ALIAS
  if (text !== SSM_ALIAS) await invalidKeys(async () => usable(await keyFind(ctx, text)))
  return text
}

/** What KMS refuses in the words of this service. */
async function invalidKeys<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault.type !== 'Service') throw error
    throw ssmFault('InvalidKeyId', error.fault.message)
  }
}

const contextOf = (ctx: Ctx, name: string) => ({
  PARAMETER_ARN: parameterArnOf({ account: ctx.account, region: ctx.region, name }),
})

async function sealed(
  ctx: Ctx,
  tx: StoreTransaction,
  { name, value }: PutRequest,
  keyId: string,
): Promise<string> {
  const description = 'Default key that protects my SSM parameters when no other key is defined'
  const key =
    keyId === SSM_ALIAS
      ? await serviceKeyEnsure(ctx, tx, SSM_ALIAS, description)
      : await keyFind(ctx, keyId, tx)
  const bytes = encipher(ctx.app, key, Buffer.from(value), contextOf(ctx, name))
  return Buffer.from(bytes).toString('base64')
}

/** What is shown of a value: a secret only to who asks for it. @throws InvalidKeyId */
export async function valueShown(
  ctx: Ctx,
  name: string,
  { value, type }: ParameterValue,
  isDecrypted: boolean,
): Promise<string> {
  if (type !== 'SecureString' || !isDecrypted) return value
  const bytes = Buffer.from(value, 'base64')
  const key = await ctx.app.store.get('kmsKey', keyIdOf(bytes) ?? '')
  if (!key) throw ssmFault('InvalidKeyId', `The key of ${name} is not there any more.`)
  return invalidKeys(async () => {
    const plain = decipher(ctx.app, usable(key), bytes, contextOf(ctx, name))
    return Buffer.from(plain).toString('utf8')
  })
}

export async function storedGet(
  { app, account, region }: Ctx,
  name: string,
  reader: StoreReader = app.store,
): Promise<StoredParameter | undefined> {
  return reader.get('parameter', parameterId(account, region, name))
}

/** All of the account's, in order of name. */
export async function storedList(ctx: Ctx): Promise<StoredParameter[]> {
  const all = await ctx.app.store.list('parameter', scopeOf(ctx))
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export const asParameter = ({ name, values }: StoredParameter): Parameter => ({
  name,
  versions: values.map((own) => {
    const { value, version, modifiedAt } = own
    return { value, version, modifiedAt, own }
  }),
})

export async function ownParameter(ctx: Ctx, name: string): Promise<Parameter | undefined> {
  const found = await storedGet(ctx, name)
  return found && asParameter(found)
}

/** Those that were there. */
export async function parametersDelete(ctx: Ctx, names: readonly string[]): Promise<string[]> {
  return ctx.app.store.transact(async (tx) => {
    const gone: string[] = []
    for (const name of new Set(names)) {
      const found = await storedGet(ctx, name, tx)
      if (!found) continue
      await tx.remove('parameter', found)
      gone.push(name)
    }
    return gone
  })
}

export async function parameterTag(
  ctx: Ctx,
  name: string,
  change: (tags: Tags) => Tags,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const found = await storedGet(ctx, name, tx)
    if (!found) throw resourceMissing(name)
    await tx.update('parameter', { ...found, tags: limited(change(found.tags)) })
  })
}

export const resourceMissing = (name: string): FaultError =>
  ssmFault(
    'InvalidResourceId',
    `The resource ID "${name}" is not valid. Verify the ID and try again.`,
  )

function limited(tags: Tags): Tags {
  if (Object.keys(tags).length > TAGS_MAX) {
    throw ssmFault('TooManyTagsError', `A parameter can have ${TAGS_MAX} tags.`)
  }
  if (Object.keys(tags).some((key) => key.toLowerCase().startsWith('aws:'))) {
    throw invalid('Tag keys that begin with aws: are reserved.')
  }
  return tags
}

function nameCheck(name: string): void {
  const path = name.split('/')
  const isPath = name.includes('/')
  const isFormed = /^[A-Za-z0-9_.\-/]+$/.test(name) && name.length <= NAME_MAX
  const hasGaps = (isPath ? path.slice(1) : path).some((part) => part === '')
  if (!isFormed || hasGaps || (isPath && !name.startsWith('/'))) {
    throw invalid(
      'Parameter name must be a fully qualified name: it begins with / if it has one, and each sub-path is a mix of ' +
        `letters, numbers and the 3 symbols .-_, ${NAME_MAX} characters at most.`,
    )
  }
  const [first = ''] = isPath ? path.slice(1) : path
  if (/^aws/i.test(first)) {
    throw ssmFault('AccessDeniedException', `No access to reserved parameter name: ${name}.`)
  }
  if (/^ssm/i.test(first)) {
    throw invalid('Parameter name: can\'t be prefixed with "ssm" (case-insensitive).')
  }
  if (isPath && path.length - 1 > LEVELS_MAX) {
    throw ssmFault(
      'HierarchyLevelLimitExceededException',
      `A hierarchy can have a maximum of ${LEVELS_MAX} levels.`,
    )
  }
}
