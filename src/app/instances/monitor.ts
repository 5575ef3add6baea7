/** Detailed monitoring of instances, on and off. */
import type { InstanceId } from '../../domain/ids.ts'
import type { Ctx } from '../context.ts'
import { instancesGet } from './lifecycle.ts'

export async function instancesMonitor(
  ctx: Ctx,
  ids: readonly InstanceId[],
  isMonitored: boolean,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    for (const instance of await instancesGet(ctx, ids, tx)) {
      if (instance.spec.isMonitored === isMonitored) continue
      await tx.update('instance', { ...instance, spec: { ...instance.spec, isMonitored } })
    }
  })
}
