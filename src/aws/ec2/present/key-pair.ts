/** A key pair in EC2's words. */
import type { KeyPairInfo } from '@aws-sdk/client-ec2'
import type { KeyPair } from '../../../domain/key-pair.ts'
import { tagList } from '../tags.ts'

/** What creating, importing and describing have in common. */
export function keyPairPresent(pair: KeyPair) {
  return {
    KeyPairId: pair.id as string,
    KeyName: pair.name,
    KeyFingerprint: pair.fingerprint,
    Tags: tagList(pair.tags),
  } satisfies KeyPairInfo
}
