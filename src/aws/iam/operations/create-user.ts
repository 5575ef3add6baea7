/** CreateUser. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { userCreate } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { presentUser } from '../present.ts'

export default operation<'iam', 'CreateUser'>({
  handle: async (ctx, input) => {
    const user = await userCreate(ctx, {
      name: input.UserName!,
      tags: tagsOf(input.Tags),
      ...(input.Path && { path: input.Path }),
      ...(input.PermissionsBoundary && { boundaryArn: input.PermissionsBoundary }),
    })
    return { User: presentUser(user) }
  },
})
