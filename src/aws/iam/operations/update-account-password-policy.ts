/** UpdateAccountPasswordPolicy: what is not named goes back to its default. */
import { passwordPolicyPut } from '../../../app/iam/account.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateAccountPasswordPolicy'>({
  handle: async (ctx, input) => {
    await passwordPolicyPut(ctx, {
      lengthMin: input.MinimumPasswordLength ?? 6,
      needsSymbols: input.RequireSymbols ?? false,
      needsNumbers: input.RequireNumbers ?? false,
      needsUppercase: input.RequireUppercaseCharacters ?? false,
      needsLowercase: input.RequireLowercaseCharacters ?? false,
      canUsersChange: input.AllowUsersToChangePassword ?? false,
      ageMaxDays: input.MaxPasswordAge ?? null,
      reusePrevention: input.PasswordReusePrevention ?? null,
      isHardExpiry: input.HardExpiry ?? false,
    })
    return {}
  },
})
