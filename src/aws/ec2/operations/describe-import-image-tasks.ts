/** DescribeImportImageTasks, with the progress that the host tells. */
import type { ImportImageTask } from '@aws-sdk/client-ec2'
import { importProgress } from '../../../app/imports/progress.ts'
import { importsFind } from '../../../app/imports/tasks.ts'
import { importTaskIdsChecked } from '../import-parameters.ts'
import { operation } from '../../operation.ts'
import { presentImportImage } from '../present/import-task.ts'
import { tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeImportImageTasks', ImportImageTask>({
  filters: { 'task-state': (one) => one.Status },
  tagsOf: (one) => tagsOfAnswer(one.Tags),
  handle: async (ctx, input, call) => {
    const ids = importTaskIdsChecked('image', input.ImportTaskIds)
    const tasks = await importsFind(ctx, 'image', ids)
    const shown = await Promise.all(
      tasks.map(async (task) => presentImportImage(task, await importProgress(ctx, task))),
    )
    const page = call.page(call.filter(shown), {
      key: (one) => one.ImportTaskId!,
      defaultSize: 1_000,
    })
    return { ImportImageTasks: page.items, NextToken: page.nextToken }
  },
})
