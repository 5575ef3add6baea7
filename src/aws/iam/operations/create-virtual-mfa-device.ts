/** CreateVirtualMFADevice: the only answer that has the seed. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { mfaCreate } from '../../../app/iam/mfa.ts'
import { operation } from '../../operation.ts'
import { presentSeed } from '../present-credentials.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'CreateVirtualMFADevice'>({
  handle: async (ctx, input) => {
    const name = input.VirtualMFADeviceName!
    const { device, seed } = await mfaCreate(ctx, name, input.Path, tagsOf(input.Tags))
    return {
      VirtualMFADevice: {
        SerialNumber: device.id,
        ...presentSeed(ctx, name, seed),
        Tags: input.Tags?.length ? tagList(device.tags) : undefined,
      },
    }
  },
})
