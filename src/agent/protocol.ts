/**
 * The one door from the control plane to a host. Standalone mode implements it in process (agent/local-agent.ts),
 * a simulated host implements it without a hypervisor (agent/simulated-agent.ts), several hosts will carry the same
 * messages over a network. Everything is level-triggered: the caller states the whole intent and may repeat it.
 */
import type {
  DiskChanges,
  DiskFailure,
  HostDescription,
  MachineObservation,
  MachineSpec,
  NicChanges,
  NicFailure,
} from '../domain/machine.ts'
import type { InstanceId, VolumeId } from '../domain/ids.ts'
import type { TemplateReport, TemplateWish } from '../domain/template.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'

export type HostEvent =
  /** `generation` is that of the spec the observation answers; 0 when the host acted on none yet. */
  | { type: 'machine'; generation: number; observation: MachineObservation }
  /** Something about the host's templates changed: ask `templateList`. */
  | { type: 'templates' }
  /** A guest answered on the network, or stopped answering. */
  | { type: 'reachability'; instanceId: InstanceId; isReachable: boolean; at: number }

export interface HostAgent {
  describe(): Promise<HostDescription>
  /**
   * Says that a machine is about to be stated as running, so that the host can make its disks while its network is
   * being made. A hint: everything is made by `machineEnsure` too.
   */
  machinePrepare(spec: MachineSpec): Promise<void>
  /** States the intent for one machine. Returns when accepted; progress comes as observations. Idempotent. */
  machineEnsure(spec: MachineSpec): Promise<void>
  /**
   * Plugs and unplugs disks of a running machine; one that does not run has nothing to change, its next start says
   * it all. Answers what could not be done. @throws Error when the machine is on its way from one state to another.
   */
  machineDisks(changes: DiskChanges): Promise<DiskFailure[]>
  /** The same for interfaces, whose networks were stated before. */
  machineNics(changes: NicChanges): Promise<NicFailure[]>
  /** Drops what is kept of a machine that is gone (its console log); stops it first if it still lives. */
  machineForget(instanceId: InstanceId): Promise<void>
  /** Everything this host runs or keeps, whether or not anybody intends it. */
  machineList(): Promise<MachineObservation[]>
  /** States the networks of this host, all of them; resolves when the rules are in force. Idempotent. */
  networkEnsure(plans: readonly VpcNetworkPlan[]): Promise<void>
  /** Makes the volume's file exist with at least this size. Idempotent. */
  volumeEnsure(volume: VolumeRequest): Promise<void>
  volumeDelete(volumeId: VolumeId): Promise<void>
  volumeList(): Promise<VolumeId[]>
  /** States which images this host should keep templates of, all of them. Idempotent; made in the background. */
  templatesEnsure(wishes: readonly TemplateWish[]): Promise<void>
  templateList(): Promise<TemplateReport[]>
  /** The last 64 KiB of the serial console, live or after the end; null when there never was one. */
  consoleOutput(instanceId: InstanceId): Promise<{ bytes: Uint8Array; at: number } | null>
  /** A JPEG picture of the screen. @throws FaultError `IncorrectState` when it is not running. */
  consoleScreenshot(instanceId: InstanceId): Promise<Uint8Array>
  /** Observations from now on. Returns the function that ends the subscription. */
  subscribe(listener: (event: HostEvent) => void): () => void
  close(): Promise<void>
}

export interface VolumeRequest {
  volumeId: VolumeId
  sizeGiB: number
  source: { imageId: string; imageFolder: string; file: string } | null
}
