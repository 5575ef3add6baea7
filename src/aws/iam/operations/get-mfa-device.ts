/** GetMFADevice. */
import { noSuch } from '../../../app/iam/faults.ts'
import { byArn } from '../../../app/iam/tagged.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetMFADevice'>({
  handle: async (ctx, input) => {
    const device = await byArn(ctx, 'iamMfaDevice', input.SerialNumber!)
    const user =
      device.userId === null ? undefined : await ctx.app.store.get('iamUser', device.userId)
    if (input.UserName !== undefined && user?.name !== input.UserName) {
      throw noSuch(`MFA Device with serial number ${device.id} is not of user ${input.UserName}.`)
    }
    return {
      UserName: user?.name,
      SerialNumber: device.id,
      EnableDate: device.enabledAt === null ? undefined : new Date(device.enabledAt),
    }
  },
})
