/** CreateKeyPair: a new RSA or Ed25519 key pair; the private half is in this answer and nowhere else. */
import { keyNameCheckFree, keyPairCreate } from '../../../app/key-pairs.ts'
import { operation } from '../../operation.ts'
import { keyPairPresent } from '../present/key-pair.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

const RESOURCE_TYPE = 'key-pair'

export default operation<'ec2', 'CreateKeyPair'>({
  check: async (ctx, input) => {
    tagsOfSpecifications(input.TagSpecifications, RESOURCE_TYPE)
    await keyNameCheckFree(ctx, input.KeyName!)
  },
  handle: async (ctx, input) => {
    const { keyPair, privateKey } = await keyPairCreate(ctx, {
      name: input.KeyName!,
      type: input.KeyType ?? 'rsa',
      format: input.KeyFormat ?? 'pem',
      tags: tagsOfSpecifications(input.TagSpecifications, RESOURCE_TYPE),
    })
    return { ...keyPairPresent(keyPair), KeyMaterial: privateKey }
  },
})
