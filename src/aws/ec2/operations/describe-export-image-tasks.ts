/** DescribeExportImageTasks, with the progress that the host tells. */
import type { ExportImageTask } from '@aws-sdk/client-ec2'
import { exportsFind } from '../../../app/exports/tasks.ts'
import { exportFileOf } from '../../../domain/export-task.ts'
import { operation } from '../../operation.ts'
import { presentExport } from '../present/export-task.ts'
import { tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeExportImageTasks', ExportImageTask>({
  filters: { 'task-state': (one) => one.Status },
  tagsOf: (one) => tagsOfAnswer(one.Tags),
  handle: async (ctx, input, call) => {
    const tasks = await exportsFind(ctx, input.ExportImageTaskIds ?? [])
    const [host] = ctx.app.hosts
    const shown = await Promise.all(
      tasks.map(async (task) => {
        const progress = await host?.agent.exportProgress(exportFileOf(task))
        return presentExport(task, progress ?? 0)
      }),
    )
    const page = call.page(call.filter(shown), { key: (one) => one.ExportImageTaskId! })
    return { ExportImageTasks: page.items, NextToken: page.nextToken }
  },
})
