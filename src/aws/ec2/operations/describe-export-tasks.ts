/** DescribeExportTasks: of instances. */
import { exportsFind } from '../../../app/exports/tasks.ts'
import { operation } from '../../operation.ts'
import { presentInstanceExport } from '../present/export-task.ts'

export default operation<'ec2', 'DescribeExportTasks'>({
  handle: async (ctx, input) => {
    const tasks = await exportsFind(ctx, input.ExportTaskIds ?? [], 'instance')
    return { ExportTasks: tasks.map(presentInstanceExport) }
  },
})
