/** `Encrypted` and `KmsKeyId`, which come together. */
import type { EncryptionRequest } from '../../app/volumes/encryption.ts'
import { FaultError } from '../../domain/faults.ts'

/** @throws EC2's `InvalidParameterDependency` for a key without `Encrypted`. */
export function encryptionOf(input: {
  Encrypted?: boolean | undefined
  KmsKeyId?: string | undefined
}): EncryptionRequest {
  if (input.KmsKeyId !== undefined && input.Encrypted !== true) {
    const message = 'The parameter KmsKeyId requires the parameter Encrypted to be set.'
    throw new FaultError({ type: 'Service', code: 'InvalidParameterDependency', message })
  }
  return { isEncrypted: input.Encrypted ?? null, keyId: input.KmsKeyId ?? null }
}
