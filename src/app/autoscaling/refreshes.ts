/** Instance refreshes as a user starts, cancels, rolls back and reads them. */
import { isTerminating, isWarmed } from '../../domain/autoscaling/capacity.ts'
import {
  REFRESH_OPEN,
  type InstanceRefresh,
  type LaunchSource,
  type RefreshPreferences,
  type ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import type { InstanceId } from '../../domain/ids.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { invalid, scalingFault } from './faults.ts'
import { versionOf } from './launch.ts'
import { groupGet, instancesOf, newUuid } from './scope.ts'

export async function refreshStart(
  ctx: Ctx,
  groupName: string,
  request: { preferences: RefreshPreferences; desired: LaunchSource | null },
): Promise<string> {
  const { app } = ctx
  const id = newUuid(app.random)
  await app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const reference = { name: 'open', value: group.id }
    if ((await tx.count('scalingRefresh', { reference })) > 0) {
      const words =
        'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.'
      throw scalingFault('InstanceRefreshInProgressFault', words)
    }
    const { preferences, desired } = request
    const source = desired ?? group.configuration.launch
    const instances = await instancesOf(tx, group.id)
    const targets = await targetsOf(ctx, tx, instances, source, preferences)
    const now = app.clock.now()
    await tx.insert('scalingRefresh', {
      ...baseOf(ctx),
      id,
      groupId: group.id,
      groupName: group.name,
      status: 'Pending',
      reason: null,
      endedAt: null,
      preferences,
      desired,
      targets,
      percentage: 0,
      heldUntil: null,
      checkpointsPassed: 0,
      progressedAt: now,
      rollback: null,
    })
  })
  return id
}

/** Which instances it replaces: with skip matching not those that are as they would be. */
export async function targetsOf(
  ctx: Ctx,
  reader: StoreReader,
  instances: readonly ScalingInstance[],
  source: LaunchSource,
  preferences: RefreshPreferences,
): Promise<InstanceId[]> {
  const { isMatchingSkipped, protectedInstances, standbyInstances } = preferences
  const targets: InstanceId[] = []
  for (const one of instances) {
    // The warm pool is made anew as a whole (warm-pool.ts).
    if (isWarmed(one) || isTerminating(one) || one.state === 'Detaching') continue
    if (one.isProtected && protectedInstances === 'Ignore') continue
    if (one.state === 'Standby' && standbyInstances === 'Ignore') continue
    if (isMatchingSkipped && (await matches(ctx, reader, one, source))) continue
    targets.push(one.id)
  }
  return targets
}

async function matches(
  ctx: Ctx,
  reader: StoreReader,
  { launch, instanceType }: ScalingInstance,
  source: LaunchSource,
): Promise<boolean> {
  if (launch === null) return false
  if (source.type === 'configuration') {
    return launch.type === 'configuration' && launch.name === source.name
  }
  if (launch.type !== 'template') return false
  const overrides = source.type === 'mixed' ? source.overrides : []
  const override = overrides.find((one) => one.instanceType === instanceType)
  if (overrides.length > 0 && !override) return false
  const choice = override?.template ?? source.template
  const { version } = await versionOf(ctx, reader, choice)
  return launch.templateId === choice.templateId && launch.version === String(version)
}

/** What it began goes on to its end; nothing more begins. */
export async function refreshCancel(ctx: Ctx, groupName: string): Promise<string> {
  return refreshChange(ctx, groupName, (refresh) => ({
    ...refresh,
    status: 'Cancelling',
    reason: 'Cancelled by a user request',
    heldUntil: null,
  }))
}

/** Everything that it replaced is replaced again, by what the group says. */
export async function refreshRollback(ctx: Ctx, groupName: string): Promise<string> {
  const { app } = ctx
  return refreshChange(ctx, groupName, (refresh) => {
    if (refresh.desired === null) {
      const words =
        'The instance refresh has no desired configuration, so that there is nothing to roll back to.'
      throw scalingFault('IrreversibleInstanceRefreshFault', words)
    }
    if (refresh.status === 'RollbackInProgress') throw refreshMissing()
    return rolledBack(refresh, 'Rollback requested by a user', app.clock.now())
  })
}

export function rolledBack(refresh: InstanceRefresh, reason: string, at: number): InstanceRefresh {
  return {
    ...refresh,
    status: 'RollbackInProgress',
    reason,
    percentage: 0,
    heldUntil: null,
    targets: [],
    progressedAt: at,
    rollback: { reason, startedAt: at },
  }
}

const refreshMissing = () =>
  scalingFault(
    'ActiveInstanceRefreshNotFoundFault',
    'No in progress or pending Instance Refresh found for Auto Scaling group.',
  )

async function refreshChange(
  ctx: Ctx,
  groupName: string,
  change: (refresh: InstanceRefresh) => InstanceRefresh,
): Promise<string> {
  return ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const reference = { name: 'open', value: group.id }
    const [refresh] = await tx.list('scalingRefresh', { reference })
    if (!refresh || refresh.status === 'Cancelling') throw refreshMissing()
    await tx.update('scalingRefresh', change(refresh))
    return refresh.id
  })
}

/** The newest first. */
export async function refreshesFind(
  ctx: Ctx,
  groupName: string,
  ids: readonly string[],
): Promise<InstanceRefresh[]> {
  const group = await groupGet(ctx, groupName)
  const reference = { name: 'group', value: group.id }
  const all = await ctx.app.store.list('scalingRefresh', { reference })
  const missing = ids.find((id) => !all.some((one) => one.id === id))
  if (missing) throw invalid(`Instance refresh ID ${missing} not found`)
  const found = ids.length > 0 ? all.filter(({ id }) => ids.includes(id)) : all
  return found.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
}

export const isOpen = ({ status }: InstanceRefresh): boolean => REFRESH_OPEN.includes(status)
