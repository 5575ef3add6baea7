/** An instance's place in a placement group, changed while it is stopped. */
import type { InstanceId } from '../../domain/ids.ts'
import type { InstanceSpec } from '../../domain/instance.ts'
import type { Ctx } from '../context.ts'
import { placementResolve } from '../placement-groups.ts'
import type { PlacementWish } from './run-wishes.ts'
import { mustAllow } from './attributes.ts'
import { instancesGet } from './lifecycle.ts'

export interface PlacementChange {
  wish: PlacementWish | 'none' | 'same'
  tenancy: 'default' | 'dedicated' | null
}

/** @throws Fault `IncorrectState` unless it is stopped. */
export async function instancePlace(
  ctx: Ctx,
  id: InstanceId,
  { wish, tenancy }: PlacementChange,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const [instance] = await instancesGet(ctx, [id], tx)
    mustAllow(instance!, 'changeType')
    const { spec } = instance!
    let placed: Pick<InstanceSpec, 'placementGroup' | 'partitionNumber'> = spec
    if (wish === 'none') placed = { placementGroup: null, partitionNumber: null }
    else if (wish !== 'same') placed = await placementResolve(ctx, tx, wish, spec.zone)
    const { placementGroup, partitionNumber = null } = placed
    const after = { ...spec, placementGroup, partitionNumber, tenancy: tenancy ?? spec.tenancy }
    await tx.update('instance', { ...instance!, spec: after })
  })
}
