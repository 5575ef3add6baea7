/** CreateAccount: done when it answers, so that its status never says IN_PROGRESS. */
import { accountCreate } from '../../../app/organisation/accounts.ts'
import { operation } from '../../operation.ts'
import { presentRequest, tagsOfInput } from '../present.ts'

export default operation<'organizations', 'CreateAccount'>({
  handle: async (ctx, input) => ({
    CreateAccountStatus: presentRequest(
      await accountCreate(ctx, {
        name: input.AccountName!,
        email: input.Email!,
        roleName: input.RoleName,
        tags: tagsOfInput(input.Tags),
      }),
    ),
  }),
})
