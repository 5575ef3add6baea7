/** CancelImportTask: what was made of it goes. */
import { importCancel } from '../../../app/imports/tasks.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'CancelImportTask'>({
  check: (_ctx, input) => {
    if (input.ImportTaskId) return
    throw new FaultError({ type: 'MissingParameter', parameter: 'ImportTaskId' })
  },
  handle: async (ctx, input) => {
    const before = await importCancel(ctx, input.ImportTaskId!)
    return { ImportTaskId: input.ImportTaskId, PreviousState: before, State: 'deleting' }
  },
})
