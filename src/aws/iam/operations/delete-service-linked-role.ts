/** DeleteServiceLinkedRole: at once, so that its task has succeeded when it is asked for. */
import { entityGet } from '../../../app/iam/entities.ts'
import { noSuchEntity } from '../../../app/iam/faults.ts'
import { roleRemove } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteServiceLinkedRole'>({
  handle: async (ctx, input) => {
    const role = await entityGet(ctx, 'iamRole', input.RoleName!)
    if (role.linkedService === null) throw noSuchEntity('iamRole', input.RoleName!)
    await roleRemove(ctx, role.name, true)
    return { DeletionTaskId: `task${role.path}${role.name}/${role.id}` }
  },
})
