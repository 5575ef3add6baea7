/** Launch configurations: parameters of launches under a name, which never change. */
import type { LaunchConfiguration } from '../../domain/autoscaling/records.ts'
import type { LaunchTemplateData } from '../../domain/launch-template.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { claiming } from '../network/change.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { scalingFault } from './faults.ts'
import { configurationFind } from './launch.ts'
import { newUuid } from './scope.ts'

/** AWS's quota of an account and region. */
export const CONFIGURATIONS_MAX = 200

export async function configurationCreate(
  ctx: Ctx,
  request: { name: string; data: LaunchTemplateData; given: LaunchConfiguration['given'] },
): Promise<void> {
  // What could never be read is refused now, not at the first launch.
  await ctx.app.launches.requestOf(ctx, request.data)
  const { name } = request
  const make = async (tx: StoreTransaction) => {
    if ((await tx.count('scalingLaunch', scopeOf(ctx))) >= CONFIGURATIONS_MAX) {
      const words = `An account can have ${CONFIGURATIONS_MAX} launch configurations in a region`
      throw scalingFault('LimitExceededFault', words)
    }
    await tx.insert('scalingLaunch', { ...baseOf(ctx), id: newUuid(ctx.app.random), ...request })
  }
  await claiming(
    () => ctx.app.store.transact(make),
    () => {
      const words = `Launch Configuration by this name already exists - A launch configuration already exists with the name ${name}`
      return scalingFault('AlreadyExistsFault', words)
    },
  )
}

export async function configurationDelete(ctx: Ctx, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const found = await configurationFind(ctx, tx, name)
    const reference = { name: 'configuration', value: name }
    const [group] = await tx.list('scalingGroup', { ...scopeOf(ctx), reference })
    if (group) {
      const words = `Cannot delete launch configuration ${name} because it is attached to AutoScalingGroup ${group.name}`
      throw scalingFault('ResourceInUseFault', words)
    }
    await tx.remove('scalingLaunch', found)
  })
}

export async function configurationsFind(
  ctx: Ctx,
  names: readonly string[],
): Promise<LaunchConfiguration[]> {
  const all = await ctx.app.store.list('scalingLaunch', scopeOf(ctx))
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}
