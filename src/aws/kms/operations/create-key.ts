/** CreateKey: symmetric keys, whose material is made here. */
import { keyCreate } from '../../../app/kms/keys.ts'
import { unsupported } from '../../../app/kms/faults.ts'
import { presentKey, tagsOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'CreateKey'>({
  handle: async (ctx, input) => {
    const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
    if (spec !== 'SYMMETRIC_DEFAULT') throw unsupported(`KeySpec ${spec}`)
    const usage = input.KeyUsage ?? 'ENCRYPT_DECRYPT'
    if (usage !== 'ENCRYPT_DECRYPT') throw unsupported(`KeyUsage ${usage}`)
    const origin = input.Origin ?? 'AWS_KMS'
    if (origin !== 'AWS_KMS') throw unsupported(`Origin ${origin}`)
    if (input.MultiRegion) throw unsupported('MultiRegion')
    const key = await keyCreate(ctx, {
      description: input.Description ?? '',
      policy: input.Policy ?? null,
      mayLockOut: input.BypassPolicyLockoutSafetyCheck ?? false,
      tags: tagsOf(input.Tags),
    })
    return { KeyMetadata: presentKey(key) }
  },
})
