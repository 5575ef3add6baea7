/**
 * Auto Scaling's reconciler: for each group carries out what is scheduled, moves its instances on, keeps its target
 * groups, its refresh and its capacity, a step at a time until nothing is left to do. Woken by the store's own changes
 * of what it looks at (SCALING_CAUSES), by a timer for what only time changes, by the loop's period. Each step is one
 * transaction that looks again, so that a crash at any line is followed by the next step, never by the same one twice.
 */
import type { StoredKind } from '../../domain/resource-types.ts'
import type { App } from '../context.ts'
import { balanceNextAt, balanceStep } from './balance.ts'
import { livesNextAt, livesStep } from './lives.ts'
import { refreshNextAt, refreshStep } from './refresh-step.ts'
import { schedulesStep } from './schedules.ts'
import { targetsStep } from './targets.ts'
import { viewOf } from './view.ts'
import { poolNextAt, poolStep } from './warm-pool.ts'

/** Kinds whose changes may give a group something to do. */
export const SCALING_CAUSES: ReadonlySet<StoredKind> = new Set([
  'instance',
  'scalingGroup',
  'scalingInstance',
  'scalingSchedule',
  'scalingRefresh',
  'targetGroup',
])

/** A group that is not done by then makes room for the others and is looked at again. */
const STEPS_MAX = 200
/** A timer of days would be wrong when the clock is set, so it looks at least this often. */
const TIMER_MS_MAX = 15_000

export function createScalingReconciler(app: App): {
  reconcile(signal: AbortSignal): Promise<void>
  close(): void
} {
  let timer: NodeJS.Timeout | undefined
  return {
    reconcile: async (signal) => {
      const failures: unknown[] = []
      const times: number[] = []
      for (const { id } of await app.store.list('scalingGroup', {})) {
        signal.throwIfAborted()
        try {
          const at = await groupReconcile(app, id, signal)
          if (at !== null) times.push(at)
        } catch (error) {
          // One that cannot go on must not stand in the way of the others.
          failures.push(error)
        }
      }
      clearTimeout(timer)
      if (times.length > 0) {
        const delay = Math.max(0, Math.min(...times) - app.clock.now())
        timer = setTimeout(() => app.activate('autoscaling'), Math.min(delay, TIMER_MS_MAX)).unref()
      }
      if (failures.length > 0) throw failures[0]
    },
    close: () => clearTimeout(timer),
  }
}

/** @returns when time alone gives it something to do; null: never. */
async function groupReconcile(app: App, id: string, signal: AbortSignal): Promise<number | null> {
  const scheduledAt = await schedulesStep(app, id)
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    signal.throwIfAborted()
    const view = await viewOf(app, app.store, id)
    if (!view) return null
    const hasChanged =
      (await livesStep(app, view)) ||
      (await targetsStep(view)) ||
      (await refreshStep(view)) ||
      (await balanceStep(view)) ||
      (await poolStep(view))
    if (hasChanged) continue
    const nextAts = [livesNextAt, refreshNextAt, balanceNextAt, poolNextAt].map((of) => of(view))
    const times = [scheduledAt, ...nextAts]
    const ahead = times.filter((at) => at !== null)
    return ahead.length === 0 ? null : Math.min(...ahead)
  }
  app.activate('autoscaling')
  return null
}
