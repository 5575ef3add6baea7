/** Activities as they are read: of groups that live, and of those that are gone when they are asked for. */
import { groupNameOf } from '../../domain/autoscaling/arn.ts'
import type { ScalingActivity } from '../../domain/autoscaling/records.ts'
import type { Ctx } from '../context.ts'
import { scopeOf } from '../network/scope.ts'
import { invalid } from './faults.ts'
import { groupFind, groupGet } from './scope.ts'

export interface ActivityView {
  activity: ScalingActivity
  isDeleted: boolean
}

export async function activitiesFind(
  ctx: Ctx,
  query: { groupName?: string | undefined; ids: readonly string[]; areDeletedIncluded: boolean },
): Promise<ActivityView[]> {
  const { store } = ctx.app
  const { groupName, ids, areDeletedIncluded } = query
  const scope = scopeOf(ctx)
  const groups = new Set((await store.list('scalingGroup', scope)).map(({ id }) => id))
  const group = groupName === undefined ? undefined : await groupFind(ctx, groupName)
  if (groupName !== undefined && !group && !areDeletedIncluded) await groupGet(ctx, groupName)
  const only = group && !areDeletedIncluded && { reference: { name: 'group', value: group.id } }
  const all = await store.list('scalingActivity', { ...scope, ...only })
  const named = groupName === undefined ? undefined : groupNameOf(groupName)
  const found = all.filter(
    (one) =>
      (ids.length === 0 || ids.includes(one.id)) &&
      (named === undefined || one.groupName === named) &&
      (areDeletedIncluded || groups.has(one.groupId)),
  )
  const missing = ids.find((id) => !all.some((one) => one.id === id))
  if (missing !== undefined) throw invalid(`Activity ID ${missing} not found`)
  return found.map((activity) => ({ activity, isDeleted: !groups.has(activity.groupId) }))
}
