/** GetUser: one by name, or whoever calls. */
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { presentUser } from '../present.ts'

export default operation<'iam', 'GetUser'>({
  handle: async (ctx, input) => {
    if (input.UserName === undefined && ctx.principal.type === 'root') {
      const Arn = ctx.principal.arn
      return {
        User: { Path: '/', UserName: 'root', UserId: ctx.account, Arn, CreateDate: new Date(0) },
      }
    }
    return { User: presentUser(await userOrSelf(ctx, input.UserName)) }
  },
})
