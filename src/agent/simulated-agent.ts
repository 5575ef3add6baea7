/**
 * A host without a hypervisor, for tests, development and scale runs: it says so in its description, and what users
 * run never uses it. Machines are entries in a map that go through the same states and events as real ones; delays
 * and failures are injected.
 */
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DiskFailure, MachineObservation, MachineSpec, NicFailure } from '../domain/machine.ts'
import type { InstanceId } from '../domain/ids.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import type { TemplateReport, TemplateWish } from '../domain/template.ts'
import { FaultError } from '../domain/faults.ts'
import { silentLog } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import { createBackupHost } from './backup/host.ts'
import { vaultsIn } from './backup/open-vault.ts'
import { createSimulatedDisks } from './backup/simulated-disks.ts'
import { createForeignMachines } from './backup/foreign.ts'
import type { HostAgent, HostEvent } from './protocol.ts'
import { createHypervisorWork } from './hypervisors.ts'
import { createSimulatedConnector, type SimulatedHypervisors } from './simulated-hypervisors.ts'
import { createSimulatedUsage, type SimulatedRates } from './simulated-usage.ts'
import { simulatedSerial } from './simulated-serial.ts'
import type { Gpu } from '../domain/gpu.ts'
import { simulatedHost } from './simulated-host.ts'
import { simulatedBalancers } from './simulated-balancers.ts'
import { createSimulatedVolumes, type SimulatedVolumes } from './simulated-volumes.ts'

export interface SimulatedOptions {
  hostId: string
  clock: Clock
  cpuCount?: number
  memoryMiB?: number
  gpus?: readonly Gpu[]
  /** How long each change takes; 0: in the next turn of the event loop. */
  delayMs?: number
  /** Shared with other hosts; absent: its own. */
  volumes?: SimulatedVolumes
  /** Where folders of vaults lie; absent: in a folder that nobody else knows. */
  vaultsFolder?: string
  /** Answers the reason for which a disk or an interface cannot be plugged, or undefined. */
  failAttach?: (id: string) => string | undefined
  /** Answers the reason for which a start fails, or undefined. */
  failStart?: (spec: MachineSpec) => string | undefined
  /** Answers the reason for which a template cannot be made, or undefined. */
  failTemplate?: (wish: TemplateWish) => string | undefined
}

export interface SimulatedAgent extends HostAgent {
  /** What the last `networkEnsure` stated. */
  networkPlans(): readonly VpcNetworkPlan[]
  /** What was last stated of a machine. */
  specOf(instanceId: string): MachineSpec | undefined
  /** Disks of a machine, by volume id, as its guest would see them. */
  disksOf(instanceId: string): string[]
  /** Interfaces of a machine, by id. */
  nicsOf(instanceId: string): string[]
  /** The guest does not let go of this volume, until it does. */
  holdDisk(volumeId: string, isHeld: boolean): void
  /** The guest powers itself off. */
  guestPowersOff(instanceId: string): void
  /** The hypervisor process dies. */
  processDies(instanceId: string): void
  /** QEMU pauses the machine because a disk could not be written. */
  diskFails(instanceId: string): void
  /** There is room again. */
  diskRecovers(instanceId: string): void
  /** The guest begins or ceases to answer on the network. */
  guestAnswers(instanceId: string, isReachable: boolean): void
  /** While held, guests that start do not answer by themselves. */
  holdReachability(isHeld: boolean): void
  /** From now on the machine uses this much a second. */
  uses(instanceId: string, rates: Partial<SimulatedRates>): void
  /** What `machineCpuCap` said last. */
  cpuCapOf(instanceId: string): number | null
  volumes(): SimulatedVolumes['all']
  storage: SimulatedVolumes
  hypervisors: SimulatedHypervisors
  /** By machine, what its TPM holds; absent: what it began with. */
  tpms: Map<string, string>
  reboots(instanceId: string): number
}

interface Machine {
  spec: MachineSpec
  observation: MachineObservation
  reboots: number
  disks: Set<string>
  nics: Set<string>
  /** Counts changes, so that a delayed one that was overtaken does nothing. */
  turn: number
}

export function createSimulatedAgent(options: SimulatedOptions): SimulatedAgent {
  const machines = new Map<string, Machine>()
  const storage = options.volumes ?? createSimulatedVolumes()
  const hypervisors: SimulatedHypervisors = new Map()
  const tpms = new Map<string, string>()
  const connectors = { libvirt: createSimulatedConnector(hypervisors) }
  const listeners = new Set<(event: HostEvent) => void>()
  const unnamed = join(tmpdir(), `brume-simulated-${randomUUID()}`)
  const firmwareOf = async (instanceId: string) => {
    const { firmware } = machines.get(instanceId)?.spec ?? {}
    if (firmware?.mode !== 'uefi') return null
    const tpm = tpms.get(instanceId) ?? firmware.tpmState ?? null
    return { variables: [...(firmware.variables ?? [])], tpm }
  }
  const backup = createBackupHost({
    openVault: vaultsIn(options.vaultsFolder ?? unnamed),
    disks: createSimulatedDisks(storage),
    exportsFolder: join(options.vaultsFolder ?? unnamed, 'exports'),
    foreign: createForeignMachines(connectors, silentLog),
    firmwareOf,
    log: silentLog,
    clock: options.clock,
  })
  let plans: readonly VpcNetworkPlan[] = []
  let templates: TemplateReport[] = []
  const { clock } = options
  const emit = (event: HostEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const later = (work: () => void): void => {
    if (options.delayMs) setTimeout(work, options.delayMs).unref()
    else setImmediate(work)
  }
  const show = (machine: Machine, change: Partial<MachineObservation>): void => {
    const observedAt = options.clock.now()
    machine.observation = { ...machine.observation, detail: null, ...change, observedAt }
    emit({
      type: 'machine',
      generation: machine.spec.generation,
      observation: machine.observation,
    })
  }
  const guestAnswers = (id: string, isReachable: boolean): void => {
    const instanceId = id as InstanceId
    emit({ type: 'reachability', instanceId, isReachable, at: options.clock.now() })
  }
  let isReachabilityHeld = false
  const heldDisks = new Set<string>()
  const usage = createSimulatedUsage(clock)
  const description = simulatedHost(options)

  const start = (machine: Machine): void => {
    const locked = machine.spec.disks.find((disk) => typeof disk.keys === 'string')
    const reason = options.failStart?.(machine.spec) ?? (locked?.keys as string | undefined)
    if (reason) {
      return show(machine, { state: 'crashed', stopReason: 'start-failed', detail: reason })
    }
    const processId = 100_000 + machines.size
    for (const disk of machine.spec.disks) storage.ensure(disk)
    machine.disks = new Set(machine.spec.disks.map((disk) => disk.volumeId))
    machine.nics = new Set(machine.spec.nics.map((nic) => nic.interfaceId))
    show(machine, {
      state: 'running',
      stopReason: null,
      processId,
      pinned: { machineType: 'simulated', cpuModel: 'simulated', accelerator: 'tcg' },
      startedAt: options.clock.now(),
    })
    if (!isReachabilityHeld) guestAnswers(machine.spec.instanceId, true)
  }

  return {
    backup,
    balancers: simulatedBalancers((id) => machines.get(id)?.observation.state === 'running'),
    describe: async () => description,
    machinePrepare: async () => {},
    machineEnsure: async (spec) => {
      const known = machines.get(spec.instanceId)
      if (known && known.spec.generation >= spec.generation) {
        const { observation } = known
        emit({ type: 'machine', generation: known.spec.generation, observation })
        return
      }
      const machine = known ?? {
        spec,
        observation: absent(spec, options.clock),
        reboots: 0,
        disks: new Set<string>(),
        nics: new Set<string>(),
        turn: 0,
      }
      const isReboot = known && known.spec.rebootSerial !== spec.rebootSerial
      const isRestart = known !== undefined && known.spec.restartSerial !== spec.restartSerial
      machine.spec = spec
      const turn = ++machine.turn
      machines.set(spec.instanceId, machine)
      later(() => {
        if (machine.turn !== turn) return
        const isRunning = machine.observation.state === 'running'
        if (spec.intent === 'running') {
          if (isReboot && isRunning) machine.reboots++
          if (isRestart && isRunning) {
            show(machine, { state: 'stopped', stopReason: 'host-request', processId: null })
            return start(machine)
          }
          return isRunning ? show(machine, {}) : start(machine)
        }
        const state = spec.intent === 'stopped' ? 'stopped' : 'absent'
        const isHibernated = state === 'stopped' && isRunning && spec.isHibernated === true
        show(machine, { state, stopReason: 'host-request', processId: null, isHibernated })
      })
    },
    machineDisks: async ({ instanceId, attach, detach }) => {
      const machine = machines.get(instanceId)
      if (!machine || !['running', 'paused'].includes(machine.observation.state)) return []
      const failures: DiskFailure[] = []
      for (const volumeId of detach) {
        if (heldDisks.has(volumeId)) failures.push({ volumeId, reason: 'the guest uses it' })
        else machine.disks.delete(volumeId)
      }
      for (const { volumeId } of attach) {
        const reason = options.failAttach?.(volumeId)
        if (reason) failures.push({ volumeId, reason })
        else machine.disks.add(volumeId)
      }
      return failures
    },
    machineNics: async ({ instanceId, attach, detach }) => {
      const machine = machines.get(instanceId)
      if (!machine || !['running', 'paused'].includes(machine.observation.state)) return []
      const failures: NicFailure[] = []
      for (const interfaceId of detach) machine.nics.delete(interfaceId)
      for (const { interfaceId } of attach) {
        const reason = options.failAttach?.(interfaceId)
        if (reason) failures.push({ interfaceId, reason })
        else machine.nics.add(interfaceId)
      }
      return failures
    },
    specOf: (instanceId) => machines.get(instanceId)?.spec,
    nicsOf: (instanceId) => [...(machines.get(instanceId)?.nics ?? [])].sort(),
    disksOf: (instanceId) => [...(machines.get(instanceId)?.disks ?? [])].sort(),
    holdDisk: (volumeId, isHeld) => {
      if (isHeld) heldDisks.add(volumeId)
      else heldDisks.delete(volumeId)
    },
    machineForget: async (instanceId) => void machines.delete(instanceId),
    uefiVariables: async (instanceId) => (await firmwareOf(instanceId))?.variables ?? null,
    machineList: async () => [...machines.values()].map((machine) => machine.observation),
    networkEnsure: async (next) => {
      plans = next
    },
    networkPlans: () => plans,
    volumeEnsure: async (volume) => storage.ensure(volume),
    volumeDelete: async (volumeId) => storage.delete(volumeId),
    volumeList: async () => [...storage.all.values()].map((volume) => volume.volumeId),
    volumesFreeze: async (request) => {
      const machine = machines.get(request.instanceId ?? '')
      if (request.isRebooted && machine?.observation.state === 'running') machine.reboots++
      return storage.freeze(request)
    },
    volumeCollapse: async (volumeId) => storage.collapse(volumeId),
    volumeChange: async (volumeId, change) => storage.change(volumeId, change),
    contentMap: async (request) => storage.contentMap(request),
    contentRead: async (request, offset, length) => storage.contentRead(request, offset, length),
    volumeWrite: async (volumeId, _keys, offset, bytes) =>
      storage.writeBytes(volumeId, offset, bytes),
    layerImport: async (request) => storage.layerImport(request),
    layerCopy: async (request) => storage.layerCopy(request),
    contentExport: async ({ file, source }) =>
      void storage.exports.set(
        file,
        Buffer.from(storage.contentRead({ source, keys: null }, 0, 64)),
      ),
    exportProgress: async () => null,
    importProgress: async () => null,
    importCancel: async () => {},
    layerFlatten: async (layerId) => storage.flatten(layerId),
    layerDelete: async (layerId) => storage.layerDelete(layerId),
    layerList: async () => storage.layerList(),
    ...createHypervisorWork({
      connectors,
      sshKey: async () => 'ssh-ed25519 simulated',
      log: silentLog,
    }),
    hypervisors,
    tpms,
    volumes: () => storage.all,
    storage,
    // Nothing boots here, so nothing is frozen: a wish is there at once.
    templatesEnsure: async (wishes) => {
      templates = wishes.map((wish) =>
        simulatedTemplate(wish, clock, options.failTemplate?.(wish) ?? null),
      )
      for (const listener of listeners) listener({ type: 'templates' })
    },
    templateList: async () => templates,
    standbyTake: async () => null,
    machineUsage: async () =>
      [...machines.values()]
        .filter(({ observation }) => observation.state === 'running')
        .map((machine) => usage.of(machine, clock.now())),
    uses: usage.uses,
    machineCpuCap: async (instanceId, percent) => usage.cap(instanceId, percent),
    cpuCapOf: usage.capOf,
    // Nobody is in there.
    machineConnectKey: async () => {},
    consoleOutput: async (instanceId) => {
      const machine = machines.get(instanceId)
      if (!machine) return null
      const text = `${instanceId}: this host is simulated, no guest runs\n`
      return { bytes: Buffer.from(text), at: machine.observation.observedAt }
    },
    consoleScreenshot: async (id) => {
      const fault = {
        type: 'Unsupported',
        feature: `a screen of ${id} on a simulated host`,
      } as const
      throw new FaultError(fault)
    },
    consoleConnect: async (id, what) => {
      if (machines.get(id)?.observation.state !== 'running') throw new Error(`${id} does not run`)
      if (what === 'serial') return simulatedSerial()
      const feature = `a screen of ${id} on a simulated host`
      throw new FaultError({ type: 'Unsupported', feature })
    },
    diskFails: (instanceId) => {
      const machine = machines.get(instanceId)
      const detail = 'a disk could not be written'
      const [root = ''] = machine?.disks ?? []
      const diskErrors = { [root]: 'could not be written: no space is left on the host' }
      if (machine) show(machine, { state: 'paused', detail, diskErrors })
    },
    diskRecovers: (instanceId) => {
      const machine = machines.get(instanceId)
      if (machine) show(machine, { state: 'running', diskErrors: {} })
    },
    guestAnswers,
    holdReachability: (isHeld) => {
      isReachabilityHeld = isHeld
    },
    guestPowersOff: (instanceId) => {
      const machine = machines.get(instanceId)
      if (!machine) return
      show(machine, { state: 'stopped', stopReason: 'guest-shutdown', processId: null })
    },
    processDies: (instanceId) => {
      const machine = machines.get(instanceId)
      if (!machine) return
      const detail = 'the process was killed'
      show(machine, { state: 'crashed', stopReason: 'process-died', processId: null, detail })
    },
    reboots: (instanceId) => machines.get(instanceId)?.reboots ?? 0,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      listeners.clear()
      await backup.close()
    },
  }
}

function simulatedTemplate(
  wish: TemplateWish,
  clock: Clock,
  reason: string | null,
): TemplateReport {
  const size = { vcpus: 1, memoryMiB: 512, coresPerSocket: 1, threadsPerCore: 1 }
  return {
    key: `simulated-${wish.imageId}`,
    imageFolder: wish.imageFolder,
    file: wish.file,
    folder: null,
    shape: { ...size, vcpusMax: 1, memoryMaxMiB: 512 },
    state: reason === null ? 'ready' : 'failed',
    reason,
    sizeBytes: 0,
    createdAt: clock.now(),
    lastUsedAt: null,
  }
}

function absent(spec: MachineSpec, clock: Clock): MachineObservation {
  return {
    instanceId: spec.instanceId,
    state: 'absent',
    stopReason: null,
    detail: null,
    processId: null,
    pinned: null,
    startedAt: null,
    observedAt: clock.now(),
  }
}
