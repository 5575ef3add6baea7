/** DescribeAutoScalingGroups, with what their instances are in. */
import { groupsFind, type GroupWithInstances } from '../../../app/autoscaling/groups.ts'
import { invalid } from '../../../app/autoscaling/faults.ts'
import { groupPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeAutoScalingGroups'>({
  handle: async (ctx, input, call) => {
    const found = (await groupsFind(ctx, input.AutoScalingGroupNames ?? [])).filter((one) =>
      (input.Filters ?? []).every((filter) => matches(one, filter.Name ?? '', filter.Values ?? [])),
    )
    const page = call.page(found, { key: ({ group }) => group.name, defaultSize: 50 })
    const hasInstances = input.IncludeInstances ?? true
    return {
      AutoScalingGroups: page.items.map((one) => groupPresent(one, { hasInstances })),
      NextToken: page.nextToken,
    }
  },
})

function matches({ group }: GroupWithInstances, name: string, values: readonly string[]): boolean {
  const { groupTags } = group
  if (name === 'tag-key') return groupTags.some(({ key }) => values.includes(key))
  if (name === 'tag-value') return groupTags.some(({ value }) => values.includes(value))
  const key = /^tag:(.+)$/.exec(name)?.[1]
  if (key === undefined)
    throw invalid(`Filter ${name} is not valid; there are tag:<key>, tag-key and tag-value`)
  return groupTags.some((tag) => tag.key === key && values.includes(tag.value))
}
