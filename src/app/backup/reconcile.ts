/**
 * Backup's reconcilers: jobs a step at a time, plans at their times, points as they age, tests of restores. Each has a
 * timer of its own for when it is worth looking again, beside activations and the loop's period.
 */
import type { BackupJob } from '../../domain/backup/records.ts'
import type { App, ReconcilerName } from '../context.ts'
import { agesReconcile, type OverSince } from './ages.ts'
import { backupHostOf } from './background.ts'
import { copyStep } from './copies.ts'
import { backupStep } from './job-steps.ts'
import { plansReconcile } from './plan-run.ts'
import { reportsReconcile } from './reports.ts'
import { restoreJobStep } from './restores.ts'
import { testsReconcile } from './test-run.ts'
import { upkeepReconcile } from './upkeep.ts'

/** What the hosts work at: more would only share the same disks. */
const BACKUPS_AT_ONCE = 4
/** Beside them: whoever is slow there, or is let no faster by a schedule, holds up nobody here. */
const FOREIGN_AT_ONCE = 4
const COPIES_AT_ONCE = 2
const RESTORES_AT_ONCE = 4

/** Between looks at jobs under way, growing while nothing changes; the end of work is told at once. */
const LOOK_MS_FIRST = 20
const LOOK_MS_MAX = 2_000
/** A timer of days would be wrong when the clock is set, so it looks at least this often. */
const TIMER_MS_MAX = 15_000

type Reconcile = (signal: AbortSignal) => Promise<void>

export function createBackupReconcilers(app: App): {
  list: [ReconcilerName, Reconcile][]
  close(): void
} {
  const timers = new Map<ReconcilerName, NodeJS.Timeout>()
  const later = (name: ReconcilerName, delayMs: number): void => {
    clearTimeout(timers.get(name))
    const timer = setTimeout(() => app.activate(name), Math.min(delayMs, TIMER_MS_MAX))
    timers.set(name, timer.unref())
  }
  const unsubscribes = app.hosts.map((host) =>
    backupHostOf(host).onWorkEnd((id) => {
      app.activate(/^(delete|upkeep)\//.test(id) ? 'backupAges' : 'backupJobs')
    }),
  )
  const overSince: OverSince = new Map()
  let lookMs = LOOK_MS_FIRST
  const jobs: Reconcile = async (signal) => {
    const { isOpen, hasChanged } = await jobsLook(app, signal)
    lookMs = hasChanged ? LOOK_MS_FIRST : Math.min(LOOK_MS_MAX, lookMs * 2)
    if (hasChanged && isOpen) return app.activate('backupJobs')
    if (isOpen) later('backupJobs', lookMs)
  }
  return {
    list: [
      ['backupJobs', jobs],
      [
        'backupPlans',
        async (signal) => {
          const next = await plansReconcile(app, signal)
          if (next !== null) later('backupPlans', Math.max(0, next - app.clock.now()))
        },
      ],
      [
        'backupAges',
        async (signal) => {
          await reportsReconcile(app, signal)
          const delays = [
            await agesReconcile(app, overSince, signal),
            await upkeepReconcile(app, signal),
          ]
          const delayMs = Math.min(...delays.map((one) => one ?? Infinity))
          if (Number.isFinite(delayMs)) later('backupAges', delayMs)
        },
      ],
      [
        'backupTests',
        async (signal) => {
          const delayMs = await testsReconcile(app, signal)
          if (delayMs !== null) later('backupTests', delayMs)
        },
      ],
    ],
    close: () => {
      for (const timer of timers.values()) clearTimeout(timer)
      for (const unsubscribe of unsubscribes) unsubscribe()
    },
  }
}

/** A step of every job that is open; more begin as long as there is room. */
async function jobsLook(
  app: App,
  signal: AbortSignal,
): Promise<{ isOpen: boolean; hasChanged: boolean }> {
  const open = { reference: { name: 'open', value: 'yes' } }
  const [backups, copies, restores] = await Promise.all([
    app.store.list('backupJob', open),
    app.store.list('backupCopyJob', open),
    app.store.list('backupRestoreJob', open),
  ])
  const isForeign = ({ resourceType }: BackupJob): boolean => resourceType === 'VirtualMachine'
  const isWaiting = ({ state }: BackupJob): boolean => state === 'CREATED'
  const own = backups.filter((job) => !isForeign(job))
  const steps = [
    ...withRoom(own, BACKUPS_AT_ONCE, isWaiting, backupStep),
    ...withRoom(backups.filter(isForeign), FOREIGN_AT_ONCE, isWaiting, backupStep),
    ...withRoom(copies, COPIES_AT_ONCE, (job) => job.state === 'CREATED', copyStep),
    ...withRoom(restores, RESTORES_AT_ONCE, (job) => job.state === 'PENDING', restoreJobStep),
  ]
  if (steps.length === 0) return { isOpen: false, hasChanged: false }
  let hasChanged = false
  const failures: unknown[] = []
  for (const step of steps) {
    signal.throwIfAborted()
    try {
      if (await step(app)) hasChanged = true
    } catch (error) {
      // One that cannot go on must not stand in the way of the others.
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return { isOpen: true, hasChanged }
}

interface Startable {
  createdAt: number
}

function withRoom<J extends Startable>(
  jobs: readonly J[],
  atOnce: number,
  isWaiting: (job: J) => boolean,
  step: (app: App, job: J, hasRoom: boolean) => Promise<boolean>,
): ((app: App) => Promise<boolean>)[] {
  let room = atOnce - jobs.filter((job) => !isWaiting(job)).length
  const inOrder = [...jobs].sort((a, b) => a.createdAt - b.createdAt)
  return inOrder.map((job) => async (app) => {
    const hasChanged = await step(app, job, room > 0)
    if (isWaiting(job) && hasChanged) room--
    return hasChanged
  })
}
