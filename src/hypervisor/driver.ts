/**
 * What a hypervisor driver does for a host: run machines that outlive us, and tell what becomes of them.
 * Optional abilities are in `HypervisorReport`. Implementations: qemu/.
 */
import type { Duplex } from 'node:stream'
import type { InstanceId } from '../domain/ids.ts'
import type { MachineUsage } from '../domain/metrics/usage.ts'
import type {
  FirmwareState,
  DiskAttachment,
  DiskBacking,
  DiskLimits,
  GuestKey,
  HypervisorReport,
  MachineObservation,
  NicAttachment,
  VmSpec,
} from '../domain/machine.ts'
import type { UefiVariable } from '../domain/uefi.ts'

/** Of the files beneath a volume, one was replaced by another one of the same content. */
export interface LayerRelay {
  volumeId: string
  /** The file that the volume writes to, and its key. */
  headPath: string
  key: string | null
  /** What lies beneath that, as it is now. */
  below: DiskBacking
}

/** A disk that goes over from one file to an empty one upon it. */
export interface DiskOverlay {
  volumeId: string
  layerId: string
  /** The new file, with the same key as the one that it lies on. */
  path: string
  key?: string | null
}

/** What the guest of a copy is told. */
export interface CopyLaunch {
  /** Called at the last moment, because it says the time. */
  message: () => Uint8Array
  /** How long the guest may take over it. */
  timeoutMs: number
  /** Nobody wants the machine any more. */
  signal?: AbortSignal
}

export interface VmDriver {
  /** Finds out by really booting a kernel; remembered per QEMU version, kernel and CPU. */
  probe(): Promise<HypervisorReport>
  /**
   * Starts the machine unless its process lives already; resolves when QMP says `running`, for a copy of a frozen
   * machine when its guest knows who it is: `launch` says so to it. One that stands by is woken.
   * On failure nothing of it is left but its log. @throws Error with QEMU's own words.
   */
  start(spec: VmSpec, launch?: CopyLaunch): Promise<MachineObservation>
  /**
   * Makes a copy of a frozen machine ahead of its `start`, paused after a rehearsal of it: `rehearsal` is a launch
   * message with another first word. Until its start nothing else knows of it. @throws Error; a folder may be left.
   */
  standbyMake(spec: VmSpec, rehearsal: CopyLaunch): Promise<{ pid: number }>
  /** One that was not started. Idempotent. */
  standbyEnd(instanceId: InstanceId): Promise<void>
  /**
   * Waits until a machine that was started to be frozen says that it is ready, writes its devices' state to
   * `statePath`, durably, and ends it. Its memory stays in the file of its plan. Answers the id of its boot, when its
   * guest had one made and says so.
   * @throws TimeoutError when it is never ready; the machine is ended then too.
   */
  freeze(
    instanceId: InstanceId,
    target: { statePath: string; timeoutMs: number },
  ): Promise<{ bootId: string | null }>
  /**
   * Stops the machine with its memory saved under `key`: its next start goes on from there.
   * @throws Error with the reason; then it goes on running.
   */
  hibernate(instanceId: InstanceId, key: string): Promise<void>
  /** The variables of a machine's UEFI firmware; null: it has none. */
  uefiVariables(instanceId: InstanceId): Promise<UefiVariable[] | null>
  /** With the state of its TPM; null: it has neither. */
  firmwareState(instanceId: InstanceId): Promise<FirmwareState | null>
  /** Asks the guest to power off (ACPI), then forces after `graceMs`. Resolves when the process is gone. */
  stop(instanceId: InstanceId, options: { isForced: boolean; graceMs: number }): Promise<void>
  /** ACPI-less reset as EC2's RebootInstances after its grace: asks first, resets after `graceMs`. */
  reboot(instanceId: InstanceId, options: { graceMs: number }): Promise<void>
  /** Lets machines go on that were paused because the host's disk was full. Answers which. */
  resumeStalled(): Promise<string[]>
  /** Takes over every machine whose process lives, after a restart of ours. */
  adoptAll(): Promise<MachineObservation[]>
  list(): Promise<MachineObservation[]>
  /** Forgets a stopped machine and removes its files (not its disks). */
  remove(instanceId: InstanceId): Promise<void>
  /** See `HostAgent.machineConnectKey`. */
  connectKey(instanceId: InstanceId, key: GuestKey): Promise<void>
  consoleOutput(instanceId: InstanceId): Promise<{ bytes: Uint8Array; at: number } | null>
  screenshot(instanceId: InstanceId): Promise<Uint8Array>
  /** Counters of every living machine; one that cannot be measured now is left out. */
  usage(): Promise<MachineUsage[]>
  /** Hundredths of a core; null: what the machine's type has. Nothing where there are no control groups. */
  cpuCap(instanceId: InstanceId, percent: number | null): Promise<void>
  /** The serial console takes one at a time, the screen (VNC) several. @throws Error unless it runs. */
  consoleConnect(instanceId: InstanceId, what: 'serial' | 'screen'): Promise<Duplex>
  diskAttach(instanceId: InstanceId, disk: DiskAttachment): Promise<void>
  diskDetach(instanceId: InstanceId, volumeId: string): Promise<void>
  /** Runs `section` once, while the guest's file systems hold still if its agent can do that. See qemu/quiesce.ts. */
  whileQuiet<T>(
    instanceId: InstanceId,
    section: () => Promise<T>,
  ): Promise<{ value: T; crashReason: string | null }>
  /** See qemu/snapshots.ts. A machine that does not live has nothing to change: null, or nothing. */
  disksOverlay(instanceId: InstanceId, overlays: readonly DiskOverlay[]): Promise<number | null>
  diskCollapse(
    instanceId: InstanceId,
    volumeId: string,
    base: string | null,
    signal: AbortSignal,
  ): Promise<void>
  /** See qemu/relay.ts. */
  layerRelay(instanceId: InstanceId, relay: LayerRelay): Promise<void>
  diskResize(instanceId: InstanceId, volumeId: string, sizeBytes: number): Promise<void>
  diskLimit(instanceId: InstanceId, disk: DiskLimits & { volumeId: string }): Promise<void>
  nicAttach(instanceId: InstanceId, nic: NicAttachment): Promise<void>
  nicDetach(instanceId: InstanceId, interfaceId: string): Promise<void>
  subscribe(listener: (observation: MachineObservation) => void): () => void
  close(): Promise<void>
}
