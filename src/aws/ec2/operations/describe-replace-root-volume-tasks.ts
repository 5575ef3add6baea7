/** DescribeReplaceRootVolumeTasks. */
import { rootTasksFind } from '../../../app/volumes/replace-root.ts'
import type { RootTask } from '../../../domain/root-task.ts'
import { operation } from '../../operation.ts'
import { presentRootTask } from '../present/root-task.ts'

export default operation<'ec2', 'DescribeReplaceRootVolumeTasks', RootTask>({
  filters: { 'instance-id': (task) => task.instanceId },
  tagsOf: (task) => task.tags,
  handle: async (ctx, input, call) => {
    const found = call.filter(await rootTasksFind(ctx, input.ReplaceRootVolumeTaskIds ?? []))
    const { items, nextToken } = call.page(found, { key: (task) => task.id })
    return { ReplaceRootVolumeTasks: items.map(presentRootTask), NextToken: nextToken }
  },
})
