/** DescribeImportSnapshotTasks, with the progress that the host tells. */
import type { ImportSnapshotTask } from '@aws-sdk/client-ec2'
import { importProgress } from '../../../app/imports/progress.ts'
import { importsFind } from '../../../app/imports/tasks.ts'
import { importTaskIdsChecked } from '../import-parameters.ts'
import { operation } from '../../operation.ts'
import { presentImportSnapshot } from '../present/import-task.ts'
import { tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeImportSnapshotTasks', ImportSnapshotTask>({
  filters: { 'task-state': (one) => one.SnapshotTaskDetail?.Status },
  tagsOf: (one) => tagsOfAnswer(one.Tags),
  handle: async (ctx, input, call) => {
    const ids = importTaskIdsChecked('snapshot', input.ImportTaskIds)
    const tasks = await importsFind(ctx, 'snapshot', ids)
    const shown = await Promise.all(
      tasks.map(async (task) => presentImportSnapshot(task, await importProgress(ctx, task))),
    )
    const page = call.page(call.filter(shown), {
      key: (one) => one.ImportTaskId!,
      defaultSize: 1_000,
    })
    return { ImportSnapshotTasks: page.items, NextToken: page.nextToken }
  },
})
