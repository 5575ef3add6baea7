/** GetServiceLinkedRoleDeletionStatus. */
import { noSuch } from '../../../app/iam/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetServiceLinkedRoleDeletionStatus'>({
  handle: async (ctx, input) => {
    const task = /^task\/aws-service-role\/[a-z0-9.-]+\/[\w+=,.@-]+\/(AROA[A-Z2-7]+)$/.exec(
      input.DeletionTaskId!,
    )
    if (!task) throw noSuch(`Deletion task ${input.DeletionTaskId} cannot be found.`)
    const role = await ctx.app.store.get('iamRole', task[1]!)
    if (role) throw noSuch(`Deletion task ${input.DeletionTaskId} cannot be found.`)
    return { Status: 'SUCCEEDED' as const }
  },
})
