/** What the parts of the QEMU driver share: settings, the live machines, and how an observation leaves the driver. */
import { rm } from 'node:fs/promises'
import type { InstanceId } from '../../domain/ids.ts'
import type {
  HypervisorReport,
  MachineObservation,
  MachinePin,
  VmSpec,
} from '../../domain/machine.ts'
import { readJson, writeJsonDurable } from '../../lib/fs-durable.ts'
import type { Revert } from '../../lib/revert.ts'
import type { Log } from '../../lib/log.ts'
import type { Clock } from '../../lib/time.ts'
import type { QmpClient } from '../qmp/client.ts'
import type { CgroupAbilities } from './cgroup.ts'
import type { GpuKeeper, Sysfs } from './gpus.ts'
import type { IoAbilities } from './devices.ts'
import type { LaunchPort } from './launch-port.ts'
import type { MachinePaths } from './layout.ts'
import type { ProcessIdentity } from './process.ts'

export interface QemuDriverOptions {
  /** `BRUME_HOME/instances`. */
  instancesFolder: string
  /** `BRUME_HOME/probe.json`; null: probe each time. */
  probeCachePath: string | null
  log: Log
  clock?: Clock
  /** `qemu-system-x86_64` unless told. */
  executable?: string
  /** Boot this kernel when probing, instead of the built-in payload. */
  probeKernelPath?: string | null
  /** Known already: no probing (tests, or a caller that probed). */
  report?: HypervisorReport
  /** Absent: the host's own. */
  sysfs?: Sysfs
  /** Translated code that a machine may keep in emulation, in MiB; by its memory unless told. */
  tcgCacheMiB?: number
  /** An unprivileged user for each machine's QEMU; null: it stays who we are. Limits: docs/hypervisor.md. */
  runAs?: (instanceId: InstanceId) => { uid: number; gid: number } | null
}

/** Durable, in `state.json`: what a later driver must know to tell what became of the machine. */
export interface MachineRecord {
  phase: 'starting' | 'running' | 'stopping' | 'stopped' | 'crashed'
  /** Whether this run began as a copy of a frozen machine: then its start is not over until the guest knew itself. */
  isCopy?: boolean
  stopReason: MachineObservation['stopReason']
  detail: string | null
  process: ProcessIdentity | null
  bootId: string
  pinned: MachinePin | null
  startedAt: number | null
  /** Length of qemu.log when this run began: what follows are its words. */
  qemuLogFrom: number
  /** Ended with its memory saved. */
  isHibernated?: boolean
  changedAt: number
}

export type Outcome = Pick<MachineRecord, 'stopReason' | 'detail' | 'isHibernated'> & {
  phase: 'stopped' | 'crashed'
  /** Between the process's end and the record of it; what it answers is part of it. */
  before?: () => Promise<Partial<MachineRecord>>
}

/** A machine whose process lives, as far as we know. */
export interface Machine {
  instanceId: InstanceId
  paths: MachinePaths
  record: MachineRecord
  identity: ProcessIdentity
  qmp: QmpClient | null
  /** `running` or `paused`, and why; from QMP. */
  runState: { state: 'running' | 'paused'; detail: string | null }
  /** By volume; those of a full disk go when the machine goes on. */
  diskErrors: Map<string, { words: string; isForSpace: boolean }>
  stop: { task: Promise<void>; force: AbortController } | null
  conclusion: Promise<void> | null
  ended: Promise<void>
  resolveEnded: () => void
}

export interface DriverContext {
  instancesFolder: string
  socketRoot: string
  executable: string
  bootId: string
  clock: Clock
  log: Log
  cgroups: CgroupAbilities
  gpus: GpuKeeper
  tcgCacheMiB: number | undefined
  hasSmallPages: boolean
  runAs: NonNullable<QemuDriverOptions['runAs']>
  report: () => Promise<HypervisorReport>
  /** Machines whose process lives. */
  machines: Map<InstanceId, Machine>
  /** Copies that wait for their launch; in no list. */
  standbys: Map<InstanceId, Standby>
  emit: (observation: MachineObservation) => void
  isClosed: () => boolean
}

export async function recordWrite(
  context: DriverContext,
  paths: MachinePaths,
  record: MachineRecord,
): Promise<MachineRecord> {
  const next = { ...record, changedAt: context.clock.now() }
  await writeJsonDurable(paths.state, next)
  return next
}

/** What a killed QEMU leaves behind: nobody listens there any more. */
export async function socketsRemove(paths: MachinePaths): Promise<void> {
  const { qmpSocket, serialSocket, vncSocket, agentSocket, launchSocket, memorySocket } = paths
  const sockets = [qmpSocket, serialSocket, vncSocket, agentSocket, launchSocket, memorySocket]
  const files = [...sockets, paths.pidFile]
  for (const path of files) await rm(path, { force: true })
}

export async function recordRead(paths: MachinePaths): Promise<MachineRecord | undefined> {
  // A file that does not parse cannot come from us (writes are atomic): treat the machine as unknown.
  return readJson<MachineRecord>(paths.state).catch(() => undefined)
}

export function observationOf(
  context: DriverContext,
  instanceId: InstanceId,
  record: MachineRecord,
  machine?: Machine,
): MachineObservation {
  const isLive = record.phase === 'running' && machine
  return {
    instanceId,
    state: isLive ? machine.runState.state : record.phase,
    stopReason: record.stopReason,
    detail: isLive ? machine.runState.detail : record.detail,
    processId: machine?.identity.pid ?? null,
    ...(machine && machine.diskErrors.size > 0 ? { diskErrors: diskErrorsOf(machine) } : {}),
    pinned: record.pinned,
    ...(record.isHibernated && !machine ? { isHibernated: true } : {}),
    startedAt: record.startedAt,
    observedAt: context.clock.now(),
  }
}

function diskErrorsOf({ diskErrors }: Machine): Record<string, string> {
  return Object.fromEntries([...diskErrors].map(([volumeId, { words }]) => [volumeId, words]))
}

export function emitMachine(context: DriverContext, machine: Machine): void {
  context.emit(observationOf(context, machine.instanceId, machine.record, machine))
}

/** A process that answers, and whose guest has not run yet. */
export interface Begun {
  spec: VmSpec
  paths: MachinePaths
  io: IoAbilities
  record: MachineRecord
  identity: ProcessIdentity
  qmp: QmpClient
  /** Takes the process back. */
  revert: Revert
}

export interface Standby {
  begun: Begun
  port: LaunchPort
}
