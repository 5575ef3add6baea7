/** DescribeScalingActivities: the newest first, those of deleted groups when they are asked for. */
import { invalid } from '../../../app/autoscaling/faults.ts'
import { activitiesFind, type ActivityView } from '../../../app/autoscaling/history.ts'
import { activityPresent } from '../present.ts'
import { operation } from '../../operation.ts'

const startedAt = ({ activity }: ActivityView): number => activity.startedAt

/** What an activity has to say to each. */
const FILTERS = {
  StartTimeLowerBound: startedAt,
  StartTimeUpperBound: startedAt,
  Status: ({ activity }: ActivityView): string => activity.status,
}

export default operation<'autoscaling', 'DescribeScalingActivities', ActivityView>({
  filters: FILTERS,
  handle: async (ctx, input, call) => {
    const tests = (input.Filters ?? []).map(({ Name = '', Values = [] }) => testOf(Name, Values))
    const all = await activitiesFind(ctx, {
      groupName: input.AutoScalingGroupName,
      ids: input.ActivityIds ?? [],
      areDeletedIncluded: input.IncludeDeletedGroups ?? false,
    })
    const found = all.filter((view) => tests.every((test) => test(view)))
    // The newest first, by a key that rises.
    const key = ({ activity }: (typeof found)[number]): string =>
      `${String(1e15 - activity.startedAt).padStart(16, '0')} ${activity.id}`
    const page = call.page(found, { key, defaultSize: 100 })
    const Activities = page.items.map(({ activity, isDeleted }) => ({
      ...activityPresent(activity),
      ...(isDeleted && { AutoScalingGroupState: 'Deleted' }),
    }))
    return { Activities, NextToken: page.nextToken }
  },
})

function testOf(name: string, values: readonly string[]): (view: ActivityView) => boolean {
  if (name === 'Status') return (view) => values.includes(FILTERS.Status(view))
  if (name !== 'StartTimeLowerBound' && name !== 'StartTimeUpperBound') {
    throw invalid(`Filter ${name} is not valid; there are ${Object.keys(FILTERS).join(', ')}`)
  }
  const bounds = values.map(timeOf)
  const isWithin = (at: number, bound: number): boolean =>
    name === 'StartTimeLowerBound' ? at >= bound : at <= bound
  return (view) => bounds.some((bound) => isWithin(FILTERS[name](view), bound))
}

function timeOf(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw invalid(`${text} is not a time, as 2026-01-31T12:00:00Z is`)
  return at
}
