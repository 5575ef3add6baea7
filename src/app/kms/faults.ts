/** KMS's own errors. */
import { FaultError } from '../../domain/faults.ts'
import { kmsKeyArn, type KmsKey } from '../../domain/kms.ts'

const fault = (code: string, message: string): FaultError =>
  new FaultError({ type: 'Service', code, message })

export const keyNotFound = (text: string): FaultError =>
  fault('NotFoundException', `Key '${text}' does not exist`)
export const aliasNotFound = (arn: string): FaultError =>
  fault('NotFoundException', `Alias ${arn} is not found.`)
export const aliasExists = (arn: string): FaultError =>
  fault('AlreadyExistsException', `An alias with the name ${arn} already exists`)
export const invalid = (message: string): FaultError => fault('ValidationException', message)
export const invalidCiphertext = (): FaultError =>
  fault('InvalidCiphertextException', 'The ciphertext was not made with this key and context')
export const incorrectKey = (): FaultError =>
  fault(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  )
export const malformedKeyPolicy = (reason: string): FaultError =>
  fault('MalformedPolicyDocumentException', reason)
export const limitExceeded = (reason: string): FaultError => fault('LimitExceededException', reason)
export const unsupported = (feature: string): FaultError =>
  fault('UnsupportedOperationException', `${feature} is not supported.`)
export const invalidState = (key: KmsKey, words: string): FaultError =>
  fault('KMSInvalidStateException', `${kmsKeyArn(key)} ${words}`)
export const disabled = (key: KmsKey): FaultError =>
  fault('DisabledException', `${kmsKeyArn(key)} is disabled.`)
