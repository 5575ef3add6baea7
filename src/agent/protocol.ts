/**
 * The one door from the control plane to a host. Standalone mode implements it in process (agent/local-agent.ts),
 * a simulated host implements it without a hypervisor (agent/simulated-agent.ts), several hosts will carry the same
 * messages over a network. Everything is level-triggered: the caller states the whole intent and may repeat it.
 */
import type { Duplex } from 'node:stream'
import type {
  DiskChanges,
  DiskFailure,
  DiskLimits,
  GuestKey,
  HostDescription,
  MachineObservation,
  MachineSpec,
  NicChanges,
  NicFailure,
  LayerKeys,
  VolumeKeys,
  VolumeSource,
} from '../domain/machine.ts'
import type { BalancerPlan, BalancerStatus } from '../domain/balancers/plan.ts'
import type { HypervisorConnection, HypervisorTest, MachineListing } from '../domain/hypervisor.ts'
import type { LayerId } from '../domain/layer.ts'
import type { BackupHost } from './backup-protocol.ts'
import type { InstanceId, VolumeId } from '../domain/ids.ts'
import type { MachineUsage } from '../domain/metrics/usage.ts'
import type { StandbyNames, StandbyWish } from '../domain/standby.ts'
import type { TemplateReport, TemplateWish } from '../domain/template.ts'
import type { UefiVariable } from '../domain/uefi.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'

export type HostEvent =
  /** `generation` is that of the spec the observation answers; 0 when the host acted on none yet. */
  | { type: 'machine'; generation: number; observation: MachineObservation }
  /** Something about the host's templates changed: ask `templateList`. */
  | { type: 'templates' }
  /** A guest answered on the network, or stopped answering. */
  | { type: 'reachability'; instanceId: InstanceId; isReachable: boolean; at: number }

export interface HostAgent {
  /** Backups: what this host reads into vaults and out of them. */
  readonly backup: BackupHost
  /** Load balancers, whose networks `networkEnsure` made before. */
  readonly balancers: BalancerHost
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
  /**
   * Freezes what the volumes hold now, all at one instant, as layers with these ids; each volume goes on upon its
   * layer. Repeating it changes nothing. Answers for each volume what came of it.
   * @throws Error when that is not known: ask again.
   */
  volumesFreeze(request: FreezeRequest): Promise<FreezeOutcome[]>
  /**
   * Copies into the volume's own file what it reads from layers, so that it lies on its image (or on nothing) again.
   * Takes long; a start of the machine or a freeze interrupts it without harm. @throws Error when interrupted.
   */
  volumeCollapse(volumeId: VolumeId, instanceId: InstanceId | null): Promise<void>
  /**
   * The layer gets a file of its own that lies on no other layer: what it holds, and what lies on it, stay as they are.
   * Takes long; repeating it changes nothing. Answers what the file takes. `keys`: null where nothing is encrypted.
   */
  layerFlatten(layerId: LayerId, keys: LayerKeys | null): Promise<{ usedBytes: number }>
  /** What was written to a frozen content, and into which layer; null: the image beneath. */
  contentMap(content: ContentRequest): Promise<ContentRange[]>
  contentRead(content: ContentRequest, offset: number, length: number): Promise<Uint8Array>
  /** Into a volume that no machine has; durable when it resolves. */
  volumeWrite(
    volumeId: VolumeId,
    keys: VolumeKeys | null,
    offset: number,
    bytes: Uint8Array,
  ): Promise<void>
  /** Makes a layer of somebody's disk. Takes long; repeating it answers what came of it. */
  layerImport(request: ImportRequest): Promise<ImportOutcome>
  /** 0 to 1; null: no such import is going on. */
  importProgress(layerId: LayerId): Promise<number | null>
  importCancel(layerId: LayerId): Promise<void>
  /**
   * Makes a layer that holds a whole content, encrypted with another key. Takes long; repeating it answers the
   * same.
   */
  layerCopy(request: LayerCopyRequest): Promise<{ usedBytes: number }>
  /** Writes a content as a file for other hypervisors. Takes long; a file that is there is done. */
  contentExport(request: ExportRequest): Promise<void>
  /** 0 to 1; null: no such export is going on. */
  exportProgress(file: string): Promise<number | null>
  /** Brings size and limits of a volume to what it is now, seen by the guest that has it. Idempotent. */
  volumeChange(volumeId: VolumeId, change: VolumeChange): Promise<void>
  /** Idempotent. The caller makes sure that nothing lies on it. */
  layerDelete(layerId: LayerId): Promise<void>
  layerList(): Promise<LayerId[]>
  /** States which images this host should keep templates of, all of them. Idempotent; made in the background. */
  templatesEnsure(wishes: readonly TemplateWish[]): Promise<void>
  templateList(): Promise<TemplateReport[]>
  /** The names of a machine that was made ahead, for one launch's records; null: none like it waits. */
  standbyTake(wish: StandbyWish): Promise<StandbyNames | null>
  /** The variables of a machine's UEFI firmware; null: it has none. */
  uefiVariables(instanceId: InstanceId): Promise<UefiVariable[] | null>
  /** What every machine that runs here has used since it started. */
  machineUsage(): Promise<MachineUsage[]>
  /**
   * Holds a machine at this share of the host's CPU time, hundredths of a core; null: at what its type has. Forgotten
   * when it ends. Where the host has no control groups, nothing happens (`limitations` says so).
   */
  machineCpuCap(instanceId: InstanceId, percent: number | null): Promise<void>
  /**
   * Tells the agent in a guest of a key that lets somebody in for a while, where the guest's agent knows what that is
   * (`tiny`'s does): others ask the metadata service. @throws TimeoutError when an agent is there and does not answer.
   */
  machineConnectKey(instanceId: InstanceId, key: GuestKey): Promise<void>
  /** The last 64 KiB of the serial console, live or after the end; null when there never was one. */
  consoleOutput(instanceId: InstanceId): Promise<{ bytes: Uint8Array; at: number } | null>
  /** A JPEG picture of the screen. @throws FaultError `IncorrectState` when it is not running. */
  consoleScreenshot(instanceId: InstanceId): Promise<Uint8Array>
  /** Both ways: the serial console, for one at a time, or the screen, as VNC. @throws Error unless it runs. */
  consoleConnect(instanceId: InstanceId, what: 'serial' | 'screen'): Promise<Duplex>
  /** How a foreign hypervisor is; its refusal is an answer, never an error. Takes seconds at most. */
  hypervisorTest(connection: HypervisorConnection): Promise<HypervisorTest>
  /** @throws Error when they cannot be listed at all. */
  hypervisorMachines(connection: HypervisorConnection): Promise<MachineListing>
  /** The public key by which this host is let in over ssh; made when it is first asked for. */
  hypervisorSshKey(): Promise<string>
  /** Observations from now on. Returns the function that ends the subscription. */
  subscribe(listener: (event: HostEvent) => void): () => void
  close(): Promise<void>
}

export interface BalancerHost {
  /** States the balancers of this host, all of them; resolves when they run so. Idempotent. */
  apply(plans: readonly BalancerPlan[]): Promise<void>
  /** Of all that were stated. */
  status(): Promise<BalancerStatus[]>
}

export interface LayerCopyRequest extends ContentRequest {
  /** Smaller, and slower to read; one that is encrypted is only copied. */
  isCompressed?: boolean
  layerId: LayerId
  source: VolumeSource
  sizeGiB: number
  /** The layer's. */
  key: string | null
}

export interface ExportRequest extends ContentRequest {
  source: VolumeSource
  format: 'raw' | 'vmdk' | 'vpc'
  /** Its VMDK goes into an appliance that describes this machine. */
  appliance?: { name: string; vcpus: number; memoryMiB: number } | null
  /** Below the host's folder of exports: a folder, names, a file. */
  file: string
}

export interface ImportRequest {
  layerId: LayerId
  /** HTTP(S), or a file in the host's folder of imports. */
  url: string
  /** The layer is encrypted with it. */
  key?: string | null
}

export type ImportOutcome =
  | {
      layerId: LayerId
      sizeBytes: number
      format: string
      usedBytes: number
      /** What it starts with, and what is to say of it, in plain words; absent: it was not looked into. */
      look?: { firmware: readonly ('bios' | 'uefi')[]; notes: readonly string[] } | null
    }
  /** The file's own fault, or it was cancelled: nothing is left. */
  | { layerId: LayerId; reason: string }

/** A frozen content, or a volume that no machine has; and what opens it. */
export interface ContentRequest {
  source: VolumeSource | { volumeId: VolumeId }
  keys: VolumeKeys | null
}

export interface ContentRange {
  start: number
  length: number
  layerId: LayerId | null
  /** In the topmost file: the layer that was named, or the volume's own. */
  isTop: boolean
  /** Not: zeros were written. */
  isData: boolean
}

/** What a volume is from now on. */
export interface VolumeChange {
  /** The machine that has it attached, running or not; null: none has. */
  instanceId: InstanceId | null
  /** Of one that is shared, those that have it too. */
  otherIds?: readonly InstanceId[]
  sizeGiB: number
  limits: DiskLimits
  keys?: VolumeKeys | string | null
}

export interface FreezeRequest {
  /** The machine that has them attached, running or not; null: none has. */
  instanceId: InstanceId | null
  /** With the key of the volume's own file, which the next one gets too. */
  volumes: readonly { volumeId: VolumeId; layerId: LayerId; key?: string | null }[]
  /** A running machine is rebooted first, and the instant is when it begins anew. */
  isRebooted?: boolean
  /** The file systems of a running guest hold still for it, if the guest has an agent that can do that. */
  isQuiesced?: boolean
}

export type FreezeOutcome =
  | {
      volumeId: VolumeId
      /** What the layer lies on, and what the volume lies on now: the layer, or a younger one. */
      parentId: LayerId | null
      headOn: LayerId
      usedBytes: number
      /** For how long writes of the guest were held up. */
      pauseMs: number
      /** Why the guest's file systems did not hold still, as far as is known; null: they did. */
      crashReason?: string | null
    }
  /** Nothing was changed. */
  | { volumeId: VolumeId; reason: string }

export interface VolumeRequest {
  volumeId: VolumeId
  sizeGiB: number
  source: VolumeSource | null
  /** See `MachineDisk`. */
  keys?: VolumeKeys | string | null
  isCopied?: boolean
}
