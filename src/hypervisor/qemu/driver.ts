/**
 * The QEMU driver: one process a machine, outliving us, driven by QMP. This file only puts the parts together: start
 * (start.ts), life and end (machine.ts), adoption (adopt.ts), devices (hotplug.ts). Guarantees: operations on one
 * machine are serialised, except that a forced stop overtakes a patient one; every change is told to subscribers.
 */
import { chown, readFile, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { InstanceId } from '../../domain/ids.ts'
import type { DiskAttachment, HypervisorReport, MachineObservation } from '../../domain/machine.ts'
import { FaultError } from '../../domain/faults.ts'
import type { Gpu } from '../../domain/gpu.ts'
import { nbdSourceOf } from '../../domain/nbd-source.ts'
import { ensureFolder, removeDurable } from '../../lib/fs-durable.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import { systemClock } from '../../lib/time.ts'
import type { VmDriver } from '../driver.ts'
import type { QmpClient, QmpTranscriptEntry } from '../qmp/client.ts'
import { machineAdopt, machinesAdopt, machinesList } from './adopt.ts'
import { cgroupAbilities } from './cgroup.ts'
import { consoleTail, consoleTrim } from './console-log.ts'
import {
  observationOf,
  recordRead,
  type DriverContext,
  type Machine,
  type QemuDriverOptions,
} from './context.ts'
import { connectKeyTell } from './connect-key.ts'
import type { IoAbilities } from './devices.ts'
import { createGpuKeeper } from './gpus.ts'
import { tunOpenToAll } from './tap.ts'
import { attachedDevices, diskPlug, diskUnplug, nicPlug, nicUnplug } from './hotplug.ts'
import { machinePaths, socketRootEnsure, type MachinePaths } from './layout.ts'
import { machinesResume, machineStop } from './machine.ts'
import { hypervisorProbe } from './probe.ts'
import { hostBootId, processScan } from './process.ts'
import { machineFreeze } from './freeze.ts'
import { guestsThaw, whileQuiet } from './quiesce.ts'
import { machineReboot } from './reboot.ts'
import { jpegOf, ppmParse } from './screenshot.ts'
import { layerRelay, stillGoOn } from './relay.ts'
import { diskCollapse, diskLimit, diskResize, disksOverlay } from './snapshots.ts'
import { withSecrets } from './secrets.ts'
import { tpmStateRead } from './tpm.ts'
import { isDirectIoPossible } from './start.ts'
import { machineBegin, machineHibernate } from './sleep.ts'
import { hasSmallPages } from './small-pages.ts'
import { standbyEnd, standbyMake } from './standby.ts'
import { uefiVariablesRead } from '../../domain/uefi-store.ts'
import { machineCpuCap, machinesUsage } from './usage.ts'

const CONSOLE_TRIM_MS = 10_000

/** What this driver can do beyond the port. */
export interface QemuDriver extends VmDriver {
  /** What this host cannot enforce, in plain words. */
  limitations(): readonly string[]
  /** The host's GPUs, what stands in the way of each, and who has it. */
  gpus(): Promise<Gpu[]>
  /** What is plugged in now, by QEMU's own account: for whoever converges attachments. */
  devices(instanceId: InstanceId): Promise<{ volumeIds: string[]; interfaceIds: string[] }>
  /** A QMP command of another part (backup's dirty bitmaps). @throws FaultError `IncorrectState` unless it runs. */
  execute<T = unknown>(instanceId: InstanceId, command: string, args?: object): Promise<T>
  /** The last QMP messages, for evidence. */
  transcript(instanceId: InstanceId): readonly QmpTranscriptEntry[]
  paths(instanceId: InstanceId): MachinePaths
}

/** Makes the folder and looks at the host; starts and adopts nothing by itself. */
export async function createQemuDriver(options: QemuDriverOptions): Promise<QemuDriver> {
  const listeners = new Set<(observation: MachineObservation) => void>()
  const mutex = createKeyedMutex()
  // Others may pass through, not look: a QEMU that runs as its own user must reach its own folder.
  await ensureFolder(options.instancesFolder, 0o711)
  let isClosed = false
  let report: Promise<HypervisorReport> | null = options.report
    ? Promise.resolve(options.report)
    : null
  const machines: DriverContext['machines'] = new Map()
  const context: DriverContext = {
    instancesFolder: options.instancesFolder,
    socketRoot: await socketRootEnsure(options.instancesFolder),
    executable: options.executable ?? 'qemu-system-x86_64',
    bootId: await hostBootId(),
    clock: options.clock ?? systemClock,
    log: options.log,
    cgroups: await cgroupAbilities(),
    runAs: options.runAs ?? (() => null),
    machines,
    tcgCacheMiB: options.tcgCacheMiB,
    hasSmallPages: await hasSmallPages(),
    gpus: createGpuKeeper({
      ...options,
      isLiving: (instanceId) => machines.has(instanceId),
    }),
    standbys: new Map(),
    isClosed: () => isClosed,
    emit: (observation) => {
      for (const listener of listeners) listener(observation)
    },
    report: () => {
      report ??= probe(context.executable, options)
      return report
    },
  }
  const trimTimer = setInterval(() => void trimConsoles(context), CONSOLE_TRIM_MS)
  trimTimer.unref()
  const exclusively = <T>(instanceId: InstanceId, section: () => Promise<T>): Promise<T> =>
    mutex.run(instanceId, section)
  return {
    ...queries(context),
    ...deviceOperations(context, exclusively),
    limitations: () => context.cgroups.limitations,
    gpus: async () => context.gpus.list({ hasKvm: (await context.report()).accelerator === 'kvm' }),
    probe: () => context.report(),
    start: (spec, launch) =>
      exclusively(spec.instanceId, async () => {
        const before = await machineFind(context, spec.instanceId)
        // Its end is decided: wait for it, then begin anew.
        if (before && (before.stop || before.conclusion)) await before.ended
        else if (before) return observationOf(context, spec.instanceId, before.record, before)
        const machine = await machineBegin(context, spec, launch)
        const observation = observationOf(context, spec.instanceId, machine.record, machine)
        context.emit(observation)
        return observation
      }),
    standbyMake: (spec, rehearsal) =>
      exclusively(spec.instanceId, () => standbyMake(context, spec, rehearsal)),
    standbyEnd: (instanceId) => exclusively(instanceId, () => standbyEnd(context, instanceId)),
    freeze: (instanceId, target) =>
      exclusively(instanceId, () => machineFreeze(context, running(context, instanceId), target)),
    hibernate: (instanceId, key) =>
      exclusively(instanceId, () => machineHibernate(context, running(context, instanceId), key)),
    uefiVariables: (instanceId) => variablesOf(context, instanceId),
    firmwareState: async (instanceId) => {
      const variables = await variablesOf(context, instanceId)
      const tpm = await tpmStateRead(pathsOf(context, instanceId))
      return variables === null && tpm === null ? null : { variables, tpm }
    },
    // Not serialised: a forced stop must not wait behind a patient one, nor behind a reboot's grace.
    stop: async (instanceId, stopOptions) => {
      const machine = await machineFind(context, instanceId)
      if (machine) await machineStop(context, machine, stopOptions)
    },
    reboot: (instanceId, { graceMs }) =>
      exclusively(instanceId, () => machineReboot(running(context, instanceId), graceMs)),
    resumeStalled: () => machinesResume(context),
    adoptAll: async () => {
      const adopted = await machinesAdopt(context)
      await context.gpus.returnUnused()
      await guestsThaw(context)
      await stillGoOn(context)
      return adopted
    },
    remove: (instanceId) =>
      exclusively(instanceId, async () => {
        const machine = await machineFind(context, instanceId)
        if (machine) throw incorrectState(instanceId, machine.record.phase, 'remove')
        await context.gpus.giveBackSurely(instanceId)
        await removeDurable(pathsOf(context, instanceId).folder)
      }),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      isClosed = true
      clearInterval(trimTimer)
      for (const machine of context.machines.values()) machine.qmp?.close()
      listeners.clear()
    },
  }
}

async function variablesOf(context: DriverContext, instanceId: InstanceId) {
  const flash = await readFile(pathsOf(context, instanceId).nvram).catch(() => null)
  return flash && uefiVariablesRead(flash)
}

type Queries =
  | 'list'
  | 'usage'
  | 'cpuCap'
  | 'connectKey'
  | 'consoleOutput'
  | 'screenshot'
  | 'consoleConnect'
  | 'devices'
  | 'execute'
  | 'transcript'
  | 'paths'

function queries(context: DriverContext): Pick<QemuDriver, Queries> {
  return {
    list: () => machinesList(context),
    usage: () => machinesUsage(context),
    cpuCap: (instanceId, percent) => machineCpuCap(context, instanceId, percent),
    connectKey: (instanceId, key) => connectKeyTell(running(context, instanceId), key),
    consoleOutput: (instanceId) => {
      const paths = pathsOf(context, instanceId)
      return consoleTail(paths.serialLog, paths.serialLogOld)
    },
    screenshot: async (instanceId) => {
      const { paths } = running(context, instanceId)
      await connection(context, instanceId).execute('screendump', { filename: paths.screenshot })
      const picture = ppmParse(await readFile(paths.screenshot))
      await rm(paths.screenshot, { force: true })
      return jpegOf(picture)
    },
    consoleConnect: (instanceId, what) => {
      const { paths } = running(context, instanceId)
      return socketOpen(what === 'serial' ? paths.serialSocket : paths.vncSocket)
    },
    devices: (instanceId) => attachedDevices(connection(context, instanceId)),
    execute: async (instanceId, command, args) =>
      connection(context, instanceId).execute(command, args),
    transcript: (instanceId) => context.machines.get(instanceId)?.qmp?.transcript() ?? [],
    paths: (instanceId) => pathsOf(context, instanceId),
  }
}

function socketOpen(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

type DeviceOperations =
  | 'layerRelay'
  | 'diskAttach'
  | 'diskDetach'
  | 'nicAttach'
  | 'nicDetach'
  | DiskOperations

function deviceOperations(
  context: DriverContext,
  exclusively: <T>(instanceId: InstanceId, section: () => Promise<T>) => Promise<T>,
): Pick<QemuDriver, DeviceOperations> {
  const withQmp = <T>(instanceId: InstanceId, act: (qmp: QmpClient) => Promise<T>): Promise<T> =>
    exclusively(instanceId, async () => act(connection(context, instanceId)))
  return {
    diskAttach: (instanceId, disk) =>
      withQmp(instanceId, async (qmp) => {
        const runAs = context.runAs(instanceId)
        const isFile = !nbdSourceOf(disk.path)
        if (runAs && isFile) await chown(disk.path, runAs.uid, runAs.gid)
        const io = await ioAbilities(context, disk)
        await withSecrets(qmp, [disk], runAs, () => diskPlug(qmp, disk, io))
      }),
    diskDetach: (instanceId, volumeId) => withQmp(instanceId, (qmp) => diskUnplug(qmp, volumeId)),
    ...diskChanges(context),
    // Not amid a stop, a hibernation or a plug: it holds the machine for a moment itself.
    layerRelay: (instanceId, relay) =>
      exclusively(instanceId, async () => {
        const machine = await machineFind(context, instanceId)
        if (!machine) return
        const { hasIoUring, hasVhostNet } = await context.report()
        const io = { hasIoUring, hasVhostNet, isDirectIo: () => false }
        await layerRelay(machine, relay, { io, owner: context.runAs(instanceId) })
      }),
    nicAttach: (instanceId, nic) =>
      withQmp(instanceId, async (qmp) => {
        const io = await ioAbilities(context, null)
        const runAs = context.runAs(instanceId)
        if (!runAs) return nicPlug(qmp, nic, io)
        await tunOpenToAll()
        // Its device is root's alone; from the next start on the interface has it.
        await nicPlug(qmp, nic, { ...io, hasVhostNet: false })
      }),
    nicDetach: (instanceId, interfaceId) =>
      withQmp(instanceId, (qmp) => nicUnplug(qmp, interfaceId)),
  }
}

type DiskOperations = 'disksOverlay' | 'diskCollapse' | 'diskResize' | 'diskLimit' | 'whileQuiet'

/** Not serialised with the machine's other operations: a snapshot does not wait for a reboot's grace. */
function diskChanges(context: DriverContext): Pick<QemuDriver, DiskOperations> {
  const living = async (instanceId: InstanceId): Promise<QmpClient | null> =>
    (await machineFind(context, instanceId)) ? connection(context, instanceId) : null
  return {
    whileQuiet: async (instanceId, section) => {
      const machine = await machineFind(context, instanceId)
      if (machine) return whileQuiet(context, machine, section)
      return { value: await section(), crashReason: 'the machine does not run' }
    },
    disksOverlay: async (instanceId, overlays) => {
      const qmp = await living(instanceId)
      if (!qmp) return null
      const { hasIoUring, hasVhostNet } = await context.report()
      const direct = new Set<string>()
      for (const { path } of overlays) if (await isDirectIoPossible(path)) direct.add(path)
      const io = { hasIoUring, hasVhostNet, isDirectIo: (path: string) => direct.has(path) }
      const runAs = context.runAs(instanceId)
      return withSecrets(qmp, overlays, runAs, () => disksOverlay(qmp, overlays, io))
    },
    diskCollapse: async (instanceId, volumeId, base, signal) => {
      const qmp = await living(instanceId)
      if (qmp) await diskCollapse(qmp, volumeId, base, signal)
    },
    diskResize: async (instanceId, volumeId, sizeBytes) => {
      const qmp = await living(instanceId)
      if (qmp) await diskResize(qmp, volumeId, sizeBytes)
    },
    diskLimit: async (instanceId, disk) => {
      const qmp = await living(instanceId)
      if (qmp) await diskLimit(qmp, disk)
    },
  }
}

function probe(executable: string, options: QemuDriverOptions): Promise<HypervisorReport> {
  return hypervisorProbe({
    executable,
    cachePath: options.probeCachePath,
    kernelPath: options.probeKernelPath ?? null,
    log: options.log,
  })
}

/** The living machine; one that nobody adopted yet (a start before `adoptAll`) is adopted here. */
async function machineFind(
  context: DriverContext,
  instanceId: InstanceId,
): Promise<Machine | undefined> {
  const machine = context.machines.get(instanceId)
  if (machine || context.standbys.has(instanceId)) return machine
  const record = await recordRead(pathsOf(context, instanceId))
  if (!record || record.phase === 'stopped' || record.phase === 'crashed') return undefined
  await machineAdopt(context, instanceId, await processScan(context.instancesFolder))
  return context.machines.get(instanceId)
}

function running(context: DriverContext, instanceId: InstanceId): Machine {
  const machine = context.machines.get(instanceId)
  if (!machine) throw incorrectState(instanceId, 'stopped', 'use')
  return machine
}

function connection(context: DriverContext, instanceId: InstanceId): QmpClient {
  const machine = running(context, instanceId)
  if (!machine.qmp) throw incorrectState(instanceId, 'unreachable', 'use')
  return machine.qmp
}

function incorrectState(instanceId: InstanceId, state: string, operation: string): FaultError {
  return new FaultError({
    type: 'IncorrectState',
    kind: 'instance',
    id: instanceId,
    state,
    operation,
  })
}

async function ioAbilities(
  context: DriverContext,
  disk: DiskAttachment | null,
): Promise<IoAbilities> {
  const { hasIoUring, hasVhostNet } = await context.report()
  const path = disk && !nbdSourceOf(disk.path) ? disk.path : null
  const isDirect = path !== null && (await isDirectIoPossible(path))
  return { hasIoUring, hasVhostNet, isDirectIo: (asked) => isDirect && asked === path }
}

function pathsOf(context: DriverContext, instanceId: InstanceId): MachinePaths {
  return machinePaths(context.instancesFolder, context.socketRoot, instanceId)
}

async function trimConsoles(context: DriverContext): Promise<void> {
  for (const { paths, instanceId } of context.machines.values()) {
    await consoleTrim(paths.serialLog, paths.serialLogOld).catch((error: unknown) =>
      context.log.warn({ instanceId, error: String(error) }, 'console log not trimmed'),
    )
  }
}
