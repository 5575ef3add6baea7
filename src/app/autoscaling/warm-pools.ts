/** What users ask of a group's warm pool: made, changed, shown, deleted. What it does by itself: warm-pool.ts. */
import { isWarmed } from '../../domain/autoscaling/capacity.ts'
import type { WarmPool } from '../../domain/autoscaling/records.ts'
import type { Ctx } from '../context.ts'
import { invalid, scalingFault } from './faults.ts'
import { groupChange } from './groups.ts'
import { planLaunch, spotsOf } from './launch.ts'
import { groupGet, instancesOf } from './scope.ts'

const POOL_DEFAULT: WarmPool = {
  state: 'Stopped',
  minSize: 0,
  maxPrepared: null,
  isReused: false,
  failures: null,
  isDeleting: false,
}

export type PoolRequest = Partial<Pick<WarmPool, 'state' | 'minSize' | 'isReused' | 'maxPrepared'>>

/** What is not said of one that exists stays as it is. @throws the service's faults. */
export async function poolPut(ctx: Ctx, groupName: string, request: PoolRequest): Promise<void> {
  const group = await groupGet(ctx, groupName)
  if (request.state === 'Hibernated') await hibernationCheck(ctx, group.name)
  await groupChange(ctx, groupName, (one) => {
    if (one.warmPool?.isDeleting) {
      throw invalid(`The warm pool of AutoScalingGroup ${one.name} is pending delete`)
    }
    return { ...one, warmPool: { ...POOL_DEFAULT, ...one.warmPool, ...request, failures: null } }
  })
}

/** An instance that was not launched for it cannot hibernate. */
async function hibernationCheck(ctx: Ctx, groupName: string): Promise<void> {
  const group = await groupGet(ctx, groupName)
  const source = group.configuration.launch
  const override = source.type === 'mixed' ? (source.overrides[0] ?? null) : null
  const [spot] = await spotsOf(ctx.app.store, group)
  if (!spot) return
  const { request } = await planLaunch(ctx, source, { override, spot, placementGroup: null })
  if (request.options.isHibernationEnabled) return
  throw invalid(
    'The Hibernated state of a warm pool needs a launch template or launch configuration that enables hibernation.',
  )
}

/** @throws the service's faults, unless it is empty or everything in it may end. */
export async function poolDelete(ctx: Ctx, groupName: string, isForced: boolean): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    if (!group.warmPool) throw invalid(`No warm pool found for group ${group.name}`)
    const pooled = (await instancesOf(tx, group.id)).filter(isWarmed)
    if (pooled.length === 0)
      return void (await tx.update('scalingGroup', { ...group, warmPool: null }))
    if (!isForced) {
      throw scalingFault(
        'ResourceInUseFault',
        'You cannot delete a warm pool while there are instances in it; use ForceDelete.',
      )
    }
    await tx.update('scalingGroup', { ...group, warmPool: { ...group.warmPool, isDeleting: true } })
  })
}

/** Of DescribeWarmPool. */
export async function poolFind(ctx: Ctx, groupName: string) {
  const group = await groupGet(ctx, groupName)
  const instances = (await instancesOf(ctx.app.store, group.id)).filter(isWarmed)
  return { group, instances }
}
