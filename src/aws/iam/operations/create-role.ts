/** CreateRole. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { roleCreate } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'
import { presentRole } from '../present.ts'

export default operation<'iam', 'CreateRole'>({
  handle: async (ctx, input) => {
    const role = await roleCreate(ctx, {
      name: input.RoleName!,
      trustPolicy: input.AssumeRolePolicyDocument!,
      tags: tagsOf(input.Tags),
      ...(input.Path && { path: input.Path }),
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.MaxSessionDuration !== undefined && {
        sessionSecondsMax: input.MaxSessionDuration,
      }),
      ...(input.PermissionsBoundary && { boundaryArn: input.PermissionsBoundary }),
    })
    return { Role: presentRole(role) }
  },
})
