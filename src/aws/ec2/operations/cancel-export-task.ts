/** CancelExportTask: of instances. */
import { instanceExportCancel } from '../../../app/exports/instance-tasks.ts'
import { exportsFind } from '../../../app/exports/tasks.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'CancelExportTask'>({
  check: async (ctx, input) => void (await exportsFind(ctx, [input.ExportTaskId!], 'instance')),
  handle: async (ctx, input) => {
    await instanceExportCancel(ctx, input.ExportTaskId!)
    return {}
  },
})
