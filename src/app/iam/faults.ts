/** IAM's faults, in IAM's sentences: tools match on them. */
import type { IamKind } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'

const service = (code: string, message: string): FaultError =>
  new FaultError({ type: 'Service', code, message })

const WORDS: Partial<Record<IamKind, [noun: string, article: string]>> = {
  iamUser: ['user', 'The user with name'],
  iamGroup: ['group', 'The group with name'],
  iamRole: ['role', 'The role with name'],
  iamPolicy: ['policy', 'Policy'],
  iamInstanceProfile: ['Instance Profile', 'Instance Profile'],
  iamServerCertificate: ['Server Certificate', 'The Server Certificate with name'],
  iamAccessKey: ['access key', 'The Access Key with id'],
}

export function noSuchEntity(kind: IamKind, name: string): FaultError {
  const subject = WORDS[kind]?.[1] ?? kind
  const verb = kind === 'iamPolicy' ? 'was not found' : 'cannot be found'
  return service('NoSuchEntityException', `${subject} ${name} ${verb}.`)
}

export const noSuch = (message: string): FaultError => service('NoSuchEntityException', message)
export const alreadyExists = (message: string): FaultError =>
  service('EntityAlreadyExistsException', message)

export function nameTaken(kind: IamKind, name: string): FaultError {
  if (kind === 'iamPolicy')
    return alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`)
  if (kind === 'iamInstanceProfile')
    return alreadyExists(`Instance Profile ${name} already exists.`)
  const noun = WORDS[kind]?.[0] ?? kind
  const capital = noun.charAt(0).toUpperCase() + noun.slice(1)
  return alreadyExists(`${capital} with name ${name} already exists.`)
}

export const deleteConflict = (message: string): FaultError =>
  service('DeleteConflictException', message)
export const limitExceeded = (message: string): FaultError =>
  service('LimitExceededException', message)
export const malformedPolicy = (message: string): FaultError =>
  service('MalformedPolicyDocumentException', message)
export const invalidInput = (message: string): FaultError =>
  service('InvalidInputException', message)
export const unmodifiable = (message: string): FaultError =>
  service('UnmodifiableEntityException', message)

export function quotaExceeded(what: string, limit: number): FaultError {
  return limitExceeded(`Cannot exceed quota for ${what}: ${limit}`)
}
