/** ImportKeyPair: the public half of a key somebody made elsewhere, in OpenSSH's, RFC 4716's or base64 DER form. */
import { keyNameCheckFree, keyPairImport, RSA_BITS_IMPORTABLE } from '../../../app/key-pairs.ts'
import { FaultError } from '../../../domain/faults.ts'
import { sshPublicKeyParse, type SshPublicKey } from '../../../lib/ssh-public-key.ts'
import { operation } from '../../operation.ts'
import { keyPairPresent } from '../present/key-pair.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

const RESOURCE_TYPE = 'key-pair'

export default operation<'ec2', 'ImportKeyPair'>({
  check: async (ctx, input) => {
    publicKeyOf(input.PublicKeyMaterial!)
    tagsOfSpecifications(input.TagSpecifications, RESOURCE_TYPE)
    await keyNameCheckFree(ctx, input.KeyName!)
  },
  handle: async (ctx, input) => {
    const keyPair = await keyPairImport(ctx, {
      name: input.KeyName!,
      publicKey: publicKeyOf(input.PublicKeyMaterial!),
      tags: tagsOfSpecifications(input.TagSpecifications, RESOURCE_TYPE),
    })
    return keyPairPresent(keyPair)
  },
})

function publicKeyOf(material: Uint8Array): SshPublicKey {
  const key = sshPublicKeyParse(material)
  if (key === null) throw keyError('Key is not in valid OpenSSH public key format')
  if (key.type === 'rsa' && !RSA_BITS_IMPORTABLE.includes(key.bits)) {
    throw keyError(`RSA keys of ${key.bits} bits are not supported: 1024, 2048 or 4096`)
  }
  return key
}

function keyError(message: string): FaultError {
  return new FaultError({ type: 'Service', code: 'InvalidKey.Format', message })
}
