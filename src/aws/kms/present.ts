/** Keys as KMS shows them, and what all its cryptographic operations have in common. */
import type { KeyMetadata, Tag } from '@aws-sdk/client-kms'
import { invalid, unsupported } from '../../app/kms/faults.ts'
import { kmsKeyArn, type KmsKey } from '../../domain/kms.ts'
import type { Tags } from '../../domain/resource.ts'

export const ALGORITHM = 'SYMMETRIC_DEFAULT' as const

export function presentKey(key: KmsKey): KeyMetadata {
  return {
    AWSAccountId: key.account,
    Arn: kmsKeyArn(key),
    CreationDate: new Date(key.createdAt),
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    DeletionDate: key.deleteAt === null ? undefined : new Date(key.deleteAt),
    Description: key.description,
    Enabled: key.state === 'Enabled',
    EncryptionAlgorithms: [ALGORITHM],
    KeyId: key.id,
    KeyManager: key.manager,
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyState: key.state,
    KeyUsage: 'ENCRYPT_DECRYPT',
    MultiRegion: false,
    Origin: 'AWS_KMS',
  }
}

/** @throws UnsupportedOperationException for grants, enclaves and algorithms of other keys. */
export function refuseOthers(input: {
  GrantTokens?: string[] | undefined
  Recipient?: object | undefined
  DryRun?: boolean | undefined
  EncryptionAlgorithm?: string | undefined
}): void {
  if (input.Recipient) throw unsupported('Recipient')
  if (input.GrantTokens?.length) throw unsupported('GrantTokens')
  const { EncryptionAlgorithm: algorithm = ALGORITHM } = input
  if (algorithm !== ALGORITHM) throw unsupported(`EncryptionAlgorithm ${algorithm}`)
}

/** @throws ValidationException unless exactly one of both says how long. */
export function dataKeyBytes(input: {
  KeySpec?: 'AES_128' | 'AES_256' | undefined
  NumberOfBytes?: number | undefined
}): number {
  const { KeySpec: spec, NumberOfBytes: count } = input
  if ((spec === undefined) === (count === undefined)) {
    throw invalid('Please specify either number of bytes or key spec.')
  }
  return count ?? (spec === 'AES_256' ? 32 : 16)
}

/** @throws ValidationException */
export function tagsOf(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries(
    (tags ?? []).map(({ TagKey: name, TagValue: value }) => {
      if (name === undefined || value === undefined) throw invalid('A tag has a key and a value')
      if (name.toLowerCase().startsWith('aws:')) throw invalid('Tag keys cannot begin with aws:')
      return [name, value]
    }),
  )
}
