/**
 * Brings balancers to their hosts: states all of each host, notes which of them came up, lets go of targets whose time
 * to drain is over and of instances that were terminated.
 */
import { instanceStateOf } from '../../domain/instance.ts'
import type { TargetGroup } from '../../domain/balancers/records.ts'
import type { App } from '../context.ts'
import { balancerPlans } from './plan.ts'
import { drainMsOf, targetsLeave } from './targets.ts'

/** A host that did not come to it is asked again so soon; its own loop is slower. */
const AGAIN_MS = 1_000

export function createBalancersReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const again = (delayMs: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => app.activate('balancers'), delayMs)
    timer.unref()
  }
  return async (signal) => {
    clearTimeout(timer)
    const dueAt = await targetsSettle(app)
    const failures: unknown[] = []
    let isWaiting = false
    for (const { agent, description } of app.hosts) {
      signal.throwIfAborted()
      const plans = await balancerPlans(app, description.hostId)
      await agent.balancers.apply(plans).catch((error: unknown) => failures.push(error))
      if (plans.length > 0) isWaiting = (await activeNote(app, description.hostId)) || isWaiting
    }
    const waits = [
      ...(dueAt === null ? [] : [Math.max(0, dueAt - app.clock.now())]),
      ...(isWaiting ? [AGAIN_MS] : []),
    ]
    if (waits.length > 0) again(Math.min(...waits))
    if (failures.length > 0) throw new AggregateError(failures, 'balancers of a host')
  }
}

/** @returns Whether some have yet to come up. */
async function activeNote(app: App, hostId: string): Promise<boolean> {
  const reference = { name: 'host', value: hostId }
  const balancers = await app.store.list('loadBalancer', { reference })
  const waiting = balancers.filter(({ activeAt }) => activeAt === null)
  if (waiting.length === 0) return false
  const host = app.hosts.find(({ description }) => description.hostId === hostId)
  const status = (await host?.agent.balancers.status()) ?? []
  let isLeft = false
  for (const { id } of waiting) {
    const isRunning = status.some((one) => one.balancerId === id && one.isRunning)
    isLeft ||= !isRunning
    if (!isRunning) continue
    await app.store.transact(async (tx) => {
      const now = await tx.get('loadBalancer', id)
      if (now?.activeAt === null) {
        await tx.update('loadBalancer', { ...now, activeAt: app.clock.now() })
      }
    })
  }
  return isLeft
}

/** @returns When the next one is over; null: none drains. */
async function targetsSettle(app: App): Promise<number | null> {
  const groups = await app.store.list('targetGroup', {})
  let dueAt: number | null = null
  for (const group of groups) {
    const gone = await terminatedOf(app, group)
    const isOver = over(app, group)
    if (gone.size > 0 || group.targets.some(isOver)) {
      await app.store.transact(async (tx) => {
        const now = await tx.get('targetGroup', group.id)
        if (!now) return
        const targets = now.targets.filter((target) => !over(app, now)(target))
        await targetsLeave(app, tx, { ...now, targets }, ({ id }) => gone.has(id))
      })
    }
    const left = (await app.store.get('targetGroup', group.id))?.targets ?? []
    for (const { drainingSince } of left) {
      if (drainingSince === null) continue
      const end = drainingSince + drainMsOf(group)
      dueAt = dueAt === null ? end : Math.min(dueAt, end)
    }
  }
  return dueAt
}

/** Nobody sends to it any more, or it had its time. */
const over =
  (app: App, group: TargetGroup) =>
  ({ drainingSince }: { drainingSince: number | null }): boolean =>
    drainingSince !== null &&
    (group.balancerId === null || drainingSince + drainMsOf(group) <= app.clock.now())

/** "If you terminate an instance, it is deregistered." */
async function terminatedOf(app: App, group: TargetGroup): Promise<Set<string>> {
  const active = group.targets.filter(({ drainingSince }) => drainingSince === null)
  if (group.targetType !== 'instance' || active.length === 0) return new Set()
  const ids = [...new Set(active.map(({ id }) => id))]
  const found = await app.store.list('instance', { ids })
  const states = new Map(found.map((one) => [one.id as string, instanceStateOf(one)]))
  return new Set(ids.filter((id) => (states.get(id) ?? 'terminated') === 'terminated'))
}
