/** GetAccountPasswordPolicy. */
import { accountOf } from '../../../app/iam/account.ts'
import { noSuch } from '../../../app/iam/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetAccountPasswordPolicy'>({
  handle: async (ctx) => {
    const { passwordPolicy: policy } = await accountOf(ctx)
    if (!policy)
      throw noSuch(`The Password Policy with domain name ${ctx.account} cannot be found.`)
    return {
      PasswordPolicy: {
        MinimumPasswordLength: policy.lengthMin,
        RequireSymbols: policy.needsSymbols,
        RequireNumbers: policy.needsNumbers,
        RequireUppercaseCharacters: policy.needsUppercase,
        RequireLowercaseCharacters: policy.needsLowercase,
        AllowUsersToChangePassword: policy.canUsersChange,
        ExpirePasswords: policy.ageMaxDays !== null,
        MaxPasswordAge: policy.ageMaxDays ?? undefined,
        PasswordReusePrevention: policy.reusePrevention ?? undefined,
        HardExpiry: policy.isHardExpiry,
      },
    }
  },
})
