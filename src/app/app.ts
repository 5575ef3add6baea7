/**
 * Joins the control plane: the store, the hosts, the reconcilers. Whoever composes a program (src/main) hands in
 * the parts; nothing here knows whether a host is real, simulated or far away.
 */
import { randomBytes } from 'node:crypto'
import type { HostAgent } from '../agent/protocol.ts'
import type { RandomSource } from '../domain/ids.ts'
import type { Log } from '../lib/log.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import { createSeal } from '../lib/seal.ts'
import { systemClock, withDeadline, type Clock } from '../lib/time.ts'
import { openMetricStore, type MetricStore } from '../store/metrics-store.ts'
import { observedStore } from '../store/observed.ts'
import type { Store } from '../store/store.ts'
import { openTrailStore, type TrailStore } from '../store/trail-store.ts'
import { startLoop, type ReconcilerLoop } from '../workflow/loop.ts'
import { createScalingReconciler, SCALING_CAUSES } from './autoscaling/reconcile.ts'
import { NO_LAUNCHES } from './autoscaling/ports.ts'
import { createBandwidth } from './bandwidth.ts'
import type { App, HostHandle, Launches, ReconcilerName } from './context.ts'
import { createInstanceTypeCatalogue } from './instance-types.ts'
import { createBackupReconcilers } from './backup/reconcile.ts'
import { createBalancersReconciler } from './balancers/reconcile.ts'
import { hostEventApply } from './instances/observe.ts'
import { createMetricsReconciler } from './metrics/collect.ts'
import { createAttachmentsReconciler } from './reconcilers/attachments.ts'
import { createInterfacesReconciler } from './reconcilers/interfaces.ts'
import { createInstancesReconciler } from './reconcilers/instances.ts'
import { createNetworkApplier, readerKept, readerOnce } from './reconcilers/network.ts'
import { stagingsReconcile } from './ebs/write.ts'
import { binReconcile } from './rbin/bin.ts'
import { createCopiesReconciler } from './reconcilers/copies.ts'
import { createTiersReconciler } from './reconcilers/tiers.ts'
import { createHypervisorsReconciler } from './reconcilers/hypervisors.ts'
import { createMachinesReconciler } from './reconcilers/machines.ts'
import { createExportsReconciler } from './reconcilers/exports.ts'
import { rootTasksReconcile } from './reconcilers/root-tasks.ts'
import { createImportsReconciler } from './reconcilers/imports.ts'
import { keysReconcile } from './reconcilers/keys.ts'
import { chainsReconcile, layersReconcile } from './reconcilers/layers.ts'
import { snapshotsReconcile } from './reconcilers/snapshots.ts'
import { createTemplatesReconciler } from './reconcilers/templates.ts'
import { volumesReconcile } from './reconcilers/volumes.ts'
import { createSnapshotSettler } from './snapshots/settle.ts'
import { SETTINGS_DEFAULT, type SettingsOfCloud } from './settings.ts'
import { createTrail } from './trail.ts'

/** A full look at everything at least this often, should an activation ever be lost. */
const PERIOD_MS = 30_000

/**
 * An answer does not wait longer for a host's networks; they follow all the same. Tens of milliseconds on a host with
 * time, seconds on one without: late is better than a revoked rule that still lets somebody in. Clients wait a minute.
 */
const IN_FORCE_TIMEOUT_MS = 20_000
/** Nor for a snapshot, which takes milliseconds unless the host's disk is busy. */
const SNAPSHOT_TIMEOUT_MS = 10_000

export interface RunningApp extends App {
  /** Resolves when the rules and machines that were asked for are with their hosts. */
  settled(): Promise<void>
  /** States the networks now; resolves when they are in force. */
  networkApply(): Promise<void>
  close(): Promise<void>
}

export async function startApp(options: {
  store: Store
  agents: readonly HostAgent[]
  log: Log
  clock?: Clock
  random?: RandomSource
  settings?: Partial<SettingsOfCloud>
  /** Absent: in memory, gone with the process. */
  metrics?: MetricStore
  /** The same. */
  trail?: TrailStore
  /** Absent: scaling groups launch nothing. */
  launches?: Launches
  /** 32 bytes that stay the same as long as the store does. Absent: sealed things end with the process. */
  sealKey?: Uint8Array
}): Promise<RunningApp> {
  const { log } = options
  const store = observedStore(options.store, (changes) => {
    if (changes.some(({ kind }) => SCALING_CAUSES.has(kind))) loops.get('autoscaling')?.activate()
  })
  const hosts: HostHandle[] = []
  for (const agent of options.agents) hosts.push({ agent, description: await agent.describe() })
  const loops = new Map<ReconcilerName, ReconcilerLoop>()
  const settings = { ...SETTINGS_DEFAULT, ...options.settings }
  const instanceTypes = createInstanceTypeCatalogue()
  const clock = options.clock ?? systemClock
  const app: App = {
    store,
    log,
    seal: createSeal(options.sealKey ?? randomBytes(32)),
    clock,
    random: options.random ?? { bytes: (length) => randomBytes(length) },
    settings,
    instanceTypes,
    bandwidth: createBandwidth(settings, instanceTypes),
    cpuHeld: new Map(),
    metrics: options.metrics ?? openMetricStore(':memory:'),
    trail: createTrail(options.trail ?? openTrailStore(':memory:'), clock, log),
    launches: options.launches ?? NO_LAUNCHES,
    hosts,
    activate: (name) => loops.get(name)?.activate(),
    networkInForce: async () => {
      try {
        await withDeadline('networks of the hosts', IN_FORCE_TIMEOUT_MS, networkApply())
      } catch (err) {
        log.warn({ err }, 'a change of networks is not in force yet')
        app.activate('network')
      }
    },
    snapshotsTaken: async (batch) => {
      try {
        await withDeadline('snapshots', SNAPSHOT_TIMEOUT_MS, settle(batch))
      } catch (err) {
        log.warn({ err }, 'snapshots are not taken yet')
        app.activate('snapshots')
      }
    },
  }
  const settle = createSnapshotSettler(app)
  const kept = readerKept(store)
  const networkApplyTo = createNetworkApplier(app, kept)
  const networkApply = async (): Promise<void> => {
    const reader = readerOnce(kept)
    await Promise.all(hosts.map((host) => networkApplyTo(host, reader)))
  }
  const instances = createInstancesReconciler(app, networkApplyTo)
  const backups = createBackupReconcilers(app)
  const scaling = createScalingReconciler(app)
  const reconcilers: [ReconcilerName, (signal: AbortSignal) => Promise<void>][] = [
    ['network', networkApply],
    ['instances', instances.reconcile],
    ['volumes', (signal) => volumesReconcile(app, signal)],
    ['snapshots', (signal) => snapshotsReconcile(app, settle, signal)],
    ['bin', () => binReconcile(app)],
    ['exports', createExportsReconciler(app)],
    ['copies', createCopiesReconciler(app)],
    ['tiers', createTiersReconciler(app)],
    ['rootTasks', (signal) => rootTasksReconcile(app, signal)],
    ['imports', createImportsReconciler(app)],
    ['stagings', () => stagingsReconcile(app)],
    ['layers', (signal) => layersReconcile(app, signal)],
    ['keys', () => keysReconcile(app)],
    ['chains', (signal) => chainsReconcile(app, signal)],
    ['attachments', createAttachmentsReconciler(app)],
    ['interfaces', createInterfacesReconciler(app, networkApplyTo)],
    ['templates', createTemplatesReconciler(app)],
    ['balancers', createBalancersReconciler(app)],
    ['metrics', createMetricsReconciler(app)],
    ...backups.list,
    ['autoscaling', scaling.reconcile],
    ['hypervisors', createHypervisorsReconciler(app)],
    ['machines', createMachinesReconciler(app)],
  ]
  // Events of one machine are applied in the order they came.
  const order = createKeyedMutex()
  const subscriptions = hosts.map(({ agent }) =>
    agent.subscribe((event) => {
      if (event.type === 'templates') return app.activate('templates')
      const id = event.type === 'machine' ? event.observation.instanceId : event.instanceId
      order
        .run(id, () => hostEventApply(app, event))
        .catch((err: unknown) => log.error({ err, event }, 'a report of a host was not applied'))
    }),
  )
  // The hosts' networks stand before anything else is asked of them.
  await networkApply()
  // What changes without telling us.
  const { hypervisorLookMs } = app.settings
  const periods: Partial<Record<ReconcilerName, number>> = {
    hypervisors: hypervisorLookMs,
    machines: hypervisorLookMs,
  }
  for (const [name, reconcile] of reconcilers) {
    loops.set(name, startLoop({ name, periodMs: periods[name] ?? PERIOD_MS, reconcile, log }))
  }
  for (const loop of loops.values()) loop.activate()
  return {
    ...app,
    networkApply,
    settled: async () => {
      for (const loop of loops.values()) await loop.settled()
    },
    close: async () => {
      for (const unsubscribe of subscriptions) unsubscribe()
      backups.close()
      scaling.close()
      await Promise.all([...loops.values()].map((loop) => loop.close()))
      await Promise.all(hosts.map(({ agent }) => agent.close()))
      app.metrics.close()
      app.trail.close()
      await store.close()
    },
  }
}
