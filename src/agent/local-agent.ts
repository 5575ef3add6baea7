/**
 * The host this program runs on: joins hypervisor, fabric and volumes behind the `HostAgent` port. One queue a
 * machine, so that a stop never overtakes a start. A machine is started at most once for each generation of its
 * spec: one that ended by itself is reported, not started again.
 */
import { join } from 'node:path'
import type { InstanceId } from '../domain/ids.ts'
import type { MachineDisk, MachineObservation, MachineSpec } from '../domain/machine.ts'
import { readJson, writeJsonDurable, ensureFolder } from '../lib/fs-durable.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import type { Clock } from '../lib/time.ts'
import { createForeignMachines } from './backup/foreign.ts'
import { createLocalBackup } from './backup/local.ts'
import { createDeviceWork } from './device-work.ts'
import { createContentWork } from './content-work.ts'
import { createExportWork } from './export-work.ts'
import { createHypervisorWork } from './hypervisors.ts'
import { createImportWork } from './import-work.ts'
import { createLauncher } from './launch.ts'
import { createSharedDisks, type SharedDisks } from './shared-disks.ts'
import { createStandbys } from './standbys.ts'
import { keysChecked } from './vm-spec.ts'
import type { HostAgent, HostEvent } from './protocol.ts'
import { createVolumeWork, wordsOf } from './volume-work.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import type { LocalAgentOptions } from './local-agent-options.ts'

/** A reboot that the guest does not answer becomes a reset (EC2 waits longer; its guests boot slower). */
const REBOOT_GRACE_MS = 10_000
/** A terminated machine's guest gets this long to write back what is in its memory. */
const TERMINATE_GRACE_MS_MAX = 20_000

/** How often the kernel's own view is read back, should somebody have changed it by hand. */
const VERIFY_INTERVAL_MS = 60_000

/** How often it is looked whether there is room, and how much of it lets machines go on. */
const ROOM_INTERVAL_MS = 5_000
const ROOM_BYTES_MIN = 64 * 1024 ** 2

/** What must survive a restart of the daemon, beside the machine's own files. */
interface Memory {
  startedGeneration: number
  rebootSerial: number
  restartSerial?: number
}

export async function createLocalAgent(options: LocalAgentOptions): Promise<HostAgent> {
  const { driver, networks, volumes, log, clock } = options
  const specs = new Map<InstanceId, MachineSpec>()
  const instanceOfInterface = new Map<string, InstanceId>()
  const listeners = new Set<(event: HostEvent) => void>()
  const queue = createKeyedMutex()
  /** Apart from `queue`: a guest that does not let go of a disk must not delay a stop. */
  const deviceQueue = createKeyedMutex()
  let verifiedAt = clock.now()
  const emit = (event: HostEvent): void => {
    for (const listener of listeners) listener(event)
  }
  /** The generation each machine was last brought to: what is seen answers that, not a newer wish in the queue. */
  const acted = new Map<InstanceId, number>()
  const report = (observation: MachineObservation): void => {
    const generation = acted.get(observation.instanceId)
    // Before the control plane stated anything there is nothing to answer.
    if (generation !== undefined) emit({ type: 'machine', generation, observation })
  }
  const memoryPath = (id: InstanceId): string => join(options.home, 'instances', id, 'agent.json')
  const memoryOf = async (id: InstanceId): Promise<Memory> =>
    (await readJson<Memory>(memoryPath(id))) ?? { startedGeneration: 0, rebootSerial: 0 }
  const remember = (spec: MachineSpec): Promise<void> => {
    const { instanceId, generation, rebootSerial, restartSerial = 0 } = spec
    const memory: Memory = { startedGeneration: generation, rebootSerial, restartSerial }
    return writeJsonDurable(memoryPath(instanceId), memory)
  }
  const find = async (id: InstanceId): Promise<MachineObservation | undefined> =>
    (await driver.list()).find((machine) => machine.instanceId === id)

  const work = createVolumeWork({ driver, volumes, log, shared: () => shared })
  const ownerOf = async (volumeId: string): Promise<InstanceId | null> => {
    const has = (spec: MachineSpec) => spec.disks.some((disk) => disk.volumeId === volumeId)
    const owner = [...specs.values()].find(has)?.instanceId
    const seen = owner && (await find(owner))
    return seen && ['running', 'paused', 'starting'].includes(seen.state) ? owner : null
  }
  const backup = createLocalBackup({
    ...options,
    work,
    ownerOf,
    foreign: createForeignMachines(options.connectors, log),
    firmwareOf: (instanceId) => driver.firmwareState(instanceId),
  })
  let plans: readonly VpcNetworkPlan[] = []
  const { templates, home } = options
  const planOf = (vpcId: string) => plans.find((plan) => plan.vpcId === vpcId)
  const standbys = await createStandbys({
    ...{ home, driver, volumes, log, clock },
    countOfKind: templates ? (options.standbyCount ?? 0) : 0,
    spareTap: networks.spareTap,
    templateOf: (spec) => templates?.exact(spec) ?? null,
    vcpusRunning: () => {
      const running = [...specs.values()].filter(({ intent }) => intent === 'running')
      return running.reduce((sum, { vm }) => sum + vm.vcpus, 0)
    },
  })
  const diskEnsure: SharedDisks['ensure'] = (disk, id) => shared.ensure(disk, id)
  const launcher = createLauncher({ ...options, standbys, planOf, diskEnsure })
  const { volumeEnsure, sourcePath } = launcher
  const { exclusively } = work
  const shared: SharedDisks = createSharedDisks({ ...options, volumeEnsure, exclusively })
  const exportsFolder = join(options.home, 'exports')
  const imports = await createImportWork({
    volumes,
    importsFolder: join(options.home, 'imports'),
    exportsFolder,
    mayFetchInternal: options.mayFetchInternal ?? false,
    sourcePath,
  })

  const start = async (spec: MachineSpec, isFirst: boolean): Promise<void> => {
    const at = performance.now()
    await ensureFolder(join(options.home, 'instances', spec.instanceId))
    const observation = await work.exclusively(volumeIdsOf(spec.disks), () =>
      launcher.start(spec, isFirst),
    )
    await remember(spec)
    const tookMs = Math.round(performance.now() - at)
    log.info({ instance: spec.instanceId, tookMs }, 'machine runs')
    report(observation)
  }

  const run = async (spec: MachineSpec): Promise<void> => {
    const seen = await find(spec.instanceId)
    const memory = await memoryOf(spec.instanceId)
    const isAlive = seen && ['running', 'paused', 'starting'].includes(seen.state)
    const isRestarted = isAlive && (spec.restartSerial ?? 0) > (memory.restartSerial ?? 0)
    if (isRestarted) {
      await driver.stop(spec.instanceId, { isForced: false, graceMs: REBOOT_GRACE_MS })
    } else if (isAlive) {
      if (spec.rebootSerial > memory.rebootSerial) {
        await driver.reboot(spec.instanceId, { graceMs: REBOOT_GRACE_MS })
      }
      await shared.ensureOf(spec)
      // It runs for this generation too: should it end by itself from here on, it is not started again.
      if (spec.generation > memory.startedGeneration) await remember(spec)
      return report((await find(spec.instanceId)) ?? seen)
    }
    const hasEnded = seen?.state === 'stopped' || seen?.state === 'crashed'
    const wasStarted = memory.startedGeneration >= spec.generation
    if (seen && hasEnded && wasStarted && seen.stopReason !== 'host-restarted') return report(seen)
    try {
      await start(spec, memory.startedGeneration === 0)
    } catch (error) {
      log.error({ err: error, instance: spec.instanceId }, 'machine did not start')
      const failure = { state: 'crashed', stopReason: 'start-failed' } as const
      report(blank(spec.instanceId, clock, { ...failure, detail: wordsOf(error) }))
    }
  }

  /** @returns Why it could not; it is shut down then, as on EC2. */
  const hibernate = async ({ instanceId, disks }: MachineSpec): Promise<string | null> => {
    try {
      const key = keysChecked(disks.find((disk) => disk.isRoot)?.keys)?.head
      const why = disks.some((disk) => disk.isShared) ? 'others write to a volume of its' : null
      if (!key || why) throw new Error(why ?? 'its root volume is not encrypted')
      await driver.hibernate(instanceId, key)
      return null
    } catch (error) {
      log.warn({ err: error, instance: instanceId }, 'not hibernated')
      return `it could not hibernate: ${wordsOf(error)}`
    }
  }

  const end = async (spec: MachineSpec): Promise<void> => {
    const { instanceId, isForced, intent } = spec
    const isTermination = intent === 'absent'
    const graceMs = isTermination
      ? Math.min(TERMINATE_GRACE_MS_MAX, options.stopGraceMs)
      : options.stopGraceMs
    const seen = await find(instanceId)
    const isAlive = seen && !['stopped', 'crashed', 'absent'].includes(seen.state)
    const wakefulness = isAlive && spec.isHibernated ? await hibernate(spec) : null
    if (isAlive && (!spec.isHibernated || wakefulness !== null)) {
      await driver.stop(instanceId, { isForced, graceMs })
    }
    const state = isTermination ? 'absent' : 'stopped'
    const left = (await find(instanceId)) ?? blank(instanceId, clock, {})
    const detail = wakefulness ?? left.detail
    report({ ...left, state, detail, processId: null, observedAt: clock.now() })
  }

  const converge = async (id: InstanceId): Promise<void> => {
    const spec = specs.get(id)
    if (!spec) return
    acted.set(id, spec.generation)
    await (spec.intent === 'running' ? run(spec) : end(spec))
  }

  const devices = createDeviceWork({ driver, volumes, work, find, shared, log })

  /** A full disk pauses machines; they go on when there is room, and wait again if it was not enough. */
  const roomWatch = async (): Promise<void> => {
    try {
      await shared.converge()
      const { freeBytes } = await volumes.usage()
      if (freeBytes < ROOM_BYTES_MIN) return log.warn({ freeBytes }, 'the disk is nearly full')
      const resumed = await driver.resumeStalled()
      if (resumed.length > 0) log.info({ resumed, freeBytes }, 'there is room again')
    } catch (err) {
      log.warn({ err }, 'the room of the disk could not be looked at')
    }
  }

  const stops = [
    driver.subscribe(report),
    templates?.onChange(() => {
      standbys.templatesChanged()
      emit({ type: 'templates' })
    }) ?? ((): void => {}),
    networks.onReachability(({ interfaceId, isReachable, since: at }) => {
      const instanceId = instanceOfInterface.get(interfaceId)
      if (instanceId) emit({ type: 'reachability', instanceId, isReachable, at })
    }),
  ]

  const room = setInterval(() => void roomWatch(), ROOM_INTERVAL_MS)
  room.unref()
  return {
    backup,
    balancers: options.balancers,
    describe: () => options.describe(),
    machinePrepare: async (spec) => {
      // What is being started, or was by a daemon that did not come to write it down, may have its disks open.
      if (specs.has(spec.instanceId) || (await find(spec.instanceId))) return
      const { startedGeneration } = await memoryOf(spec.instanceId)
      if (startedGeneration === 0) await launcher.prepare(spec)
    },
    machineEnsure: async (spec) => {
      const known = specs.get(spec.instanceId)
      if (known && known.generation > spec.generation) return
      specs.set(spec.instanceId, spec)
      const primary = spec.nics[0]
      if (primary) instanceOfInterface.set(primary.interfaceId, spec.instanceId)
      if (spec.intent !== 'running') launcher.cancel(spec.instanceId)
      // A forced stop does not queue behind the patient one it is meant to end.
      if (spec.isForced && spec.intent !== 'running' && known?.intent === spec.intent) {
        void driver.stop(spec.instanceId, { isForced: true, graceMs: 0 }).catch((err: unknown) => {
          log.warn({ err, instance: spec.instanceId }, 'forced stop')
        })
      }
      queue
        .run(spec.instanceId, () => converge(spec.instanceId))
        .catch((err: unknown) => {
          log.error(
            { err, instance: spec.instanceId },
            'machine could not be brought to its intent',
          )
        })
    },
    machineDisks: (changes) =>
      deviceQueue.run(changes.instanceId, () => devices.changeDisks(changes)),
    machineNics: (changes) =>
      deviceQueue.run(changes.instanceId, () => devices.changeNics(changes)),
    machineForget: (instanceId) =>
      queue.run(instanceId, async () => {
        const seen = await find(instanceId)
        if (seen && !['stopped', 'crashed', 'absent'].includes(seen.state)) {
          await driver.stop(instanceId, { isForced: true, graceMs: 0 })
        }
        await driver.remove(instanceId)
        const spec = specs.get(instanceId)
        for (const nic of spec?.nics ?? []) instanceOfInterface.delete(nic.interfaceId)
        specs.delete(instanceId)
        acted.delete(instanceId)
      }),
    machineList: () => driver.list(),
    networkEnsure: async (next) => {
      plans = next
      const isVerified = clock.now() - verifiedAt >= VERIFY_INTERVAL_MS
      if (isVerified) verifiedAt = clock.now()
      const planned = standbys.withTaps(plans)
      try {
        await networks.apply(planned, { isVerified })
        await standbys.tapsGiven(planned, true)
      } catch (error) {
        // With a TAP that is not there, the next try would fail too.
        await standbys.tapsGiven(planned, false)
        throw error
      }
    },
    volumeEnsure: (request) =>
      work.exclusively([request.volumeId], async () => void (await volumeEnsure(request))),
    volumeDelete: (volumeId) =>
      work.exclusively([volumeId], async () => {
        await shared.end(volumeId)
        await volumes.delete(volumeId)
      }),
    volumeList: async () => (await volumes.list()).filter((id) => !standbys.hides(id)),
    volumesFreeze: work.freeze,
    volumeCollapse: work.collapse,
    volumeChange: work.change,
    ...createContentWork({ volumes, work, sourcePath }),
    ...imports,
    ...createHypervisorWork({
      connectors: options.connectors,
      sshKey: () => options.connectors.libvirt.sshKey(),
      log,
    }),
    ...createExportWork({ volumes, exportsFolder, sourcePath }),
    layerFlatten: async (layerId, keys) => {
      await work.flatten(layerId, keys)
      return { usedBytes: await volumes.layers.usedBytes(layerId) }
    },
    layerDelete: (layerId) => volumes.layers.delete(layerId),
    layerList: () => volumes.layers.list(),
    templatesEnsure: async (wishes) => templates?.ensure(wishes),
    templateList: async () => {
      const counts = await standbys.counts()
      const of = (folder: string | null) => (folder === null ? null : (counts.get(folder) ?? null))
      return (templates?.list() ?? []).map((one) => ({ ...one, standbys: of(one.folder) }))
    },
    standbyTake: async (wish) => standbys.take(wish),
    uefiVariables: (instanceId) => driver.uefiVariables(instanceId),
    machineUsage: () => driver.usage(),
    machineCpuCap: (instanceId, percent) => driver.cpuCap(instanceId, percent),
    machineConnectKey: (instanceId, key) => driver.connectKey(instanceId, key),
    consoleOutput: (instanceId) => driver.consoleOutput(instanceId),
    consoleScreenshot: (instanceId) => driver.screenshot(instanceId),
    consoleConnect: (instanceId, what) => driver.consoleConnect(instanceId, what),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      clearInterval(room)
      for (const stop of stops) stop()
      listeners.clear()
      await backup.close()
      await standbys.close()
      await templates?.close()
      await shared.close()
      await driver.close()
      await networks.close()
    },
  }
}

function blank(
  instanceId: InstanceId,
  clock: Clock,
  change: Partial<MachineObservation>,
): MachineObservation {
  return {
    instanceId,
    state: 'absent',
    stopReason: null,
    detail: null,
    processId: null,
    pinned: null,
    startedAt: null,
    observedAt: clock.now(),
    ...change,
  }
}

const volumeIdsOf = (disks: readonly MachineDisk[]) => disks.map((disk) => disk.volumeId)
