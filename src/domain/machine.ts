/**
 * What the control plane asks of one host, and what a host answers: plain data, no behaviour. `MachineSpec` is the
 * whole intent for one machine; drivers turn it into a QEMU command line, a network plan, files. Everything here
 * survives JSON, because a host may be on the other side of a network.
 */
import type { HostPressure } from './host-pressure.ts'
import type { Gpu, GpuWish } from './gpu.ts'
import type { HostId, InstanceId, NetworkInterfaceId, SubnetId, VolumeId, VpcId } from './ids.ts'
import type { AccountId } from './ids.ts'
import type { LayerId } from './layer.ts'
import type { UefiVariable } from './uefi.ts'

export type Architecture = 'x86_64' | 'arm64'
export type Accelerator = 'kvm' | 'hvf' | 'tcg'

/** How a machine boots: from its disk by firmware, or a kernel handed to it by the hypervisor. */
export type BootPlan =
  | { mode: 'bios' }
  /** `variables`, `tpmState` (base64, secret): what its firmware and its TPM begin with, at its first start. */
  | { mode: 'uefi'; variables?: readonly UefiVariable[] | null; tpmState?: string | null }
  | { mode: 'kernel'; kernelPath: string; initrdPath: string | null; append: string }

/** What a machine keeps beside its disks. */
export interface FirmwareState {
  variables: readonly UefiVariable[] | null
  /** Of its TPM, base64: the seeds and keys in it are secrets. */
  tpm: string | null
}

/** What a disk may do a second; null: no limit. Volumes' types say which (domain/volume-types.ts). */
export interface DiskLimits {
  iopsMax: number | null
  throughputMaxMiBps: number | null
  /** For a while it may do more, and saves up for it when it does less. */
  iopsBurst?: { perSecond: number; seconds: number } | null
  throughputBurst?: { mibPerSecond: number; seconds: number } | null
  /** A larger request counts as several. */
  ioSizeKiB?: number | null
}

/** What lets somebody into a guest for a while: of EC2 Instance Connect. */
export interface GuestKey {
  /** Of the guest's users. */
  user: string
  /** Type and base64. */
  line: string
  seconds: number
}

/** A block device of a machine. The serial is the volume id without its dash, as EBS's NVMe serials are. */
export interface DiskAttachment extends DiskLimits {
  volumeId: VolumeId
  /** AWS's name for it, `/dev/xvda`. */
  deviceName: string
  path: string
  format: 'qcow2' | 'raw'
  /** The read-only image beneath an overlay, if any: read through the page cache, which all machines share. */
  key?: string | null
  backing?: DiskBacking | null
  isRoot: boolean
  isReadOnly: boolean
}

/** A file beneath a disk, and what lies beneath that one. */
export interface DiskBacking {
  path: string
  /** The last three only of what is imported. */
  format: 'qcow2' | 'raw' | 'vmdk' | 'vhdx' | 'vpc'
  /** What opens it; absent or null: it is not encrypted. Never written to a file that stays. */
  key?: string | null
  backing?: DiskBacking | null
}

/** Keys of an encrypted volume: of its own file, and of the layers beneath that have one. */
export interface VolumeKeys {
  head: string | null
  layers: Readonly<Record<LayerId, string>>
}

/** Of a layer, what lies beneath it, and all that lies upon it: other layers, and files that volumes write to. */
export interface LayerKeys {
  layers: Readonly<Record<LayerId, string>>
  heads: Readonly<Record<VolumeId, string>>
}

/** A network interface of a machine, as the hypervisor needs it. */
export interface NicAttachment {
  interfaceId: NetworkInterfaceId
  deviceIndex: number
  mac: string
  /** Name of the TAP in `namespace`, made by the fabric before the machine starts. */
  tapName: string
  mtu: number
}

/**
 * The size of a frozen machine and what its copies can be given beyond it. Part of what a template is known by: a
 * copy must be described to the hypervisor exactly as the machine it is a copy of.
 */
export interface FrozenShape {
  vcpus: number
  memoryMiB: number
  coresPerSocket: number
  threadsPerCore: number
  /** Processors with those plugged in; as many as `vcpus` where none can be. */
  vcpusMax: number
  /** Memory with what is plugged in; as much as `memoryMiB` where none can be. */
  memoryMaxMiB: number
}

/** Offsets in a memory file, by what lies there (hypervisor/qemu/marks.ts). */
export interface MemoryMarks {
  uuidBytes: readonly number[]
  uuidText: readonly number[]
  instanceId: readonly number[]
  product: readonly number[]
  /** Absent: the guest had none made before it was frozen, or said nothing of it. */
  bootId?: readonly number[]
}

/** Where a machine's memory comes from when it is not its own from the start (docs/templates.md). */
export type MemoryPlan =
  /** Lies in a file, and is left there when the machine is frozen. */
  | { mode: 'to-freeze'; memoryPath: string; shape: FrozenShape; hasGenerationId: boolean }
  /** Starts as a copy of a frozen machine: its memory, copied as it is written, and the state of its devices. */
  | {
      mode: 'frozen'
      memoryPath: string
      statePath: string
      shape: FrozenShape
      /** A device that tells a guest that it is a copy; for a frozen machine and its copies alike. */
      hasGenerationId: boolean
      /** Where the frozen machine's firmware left its identity in the file, for the copy's to take its place. */
      marks?: MemoryMarks | null
      /** What the root disk is to grow to from the frozen machine's size; null: it has its size. */
      rootSizeBytes: number | null
    }

/** Everything the hypervisor driver needs to run one machine. Pure input of the command line. */
export interface VmSpec {
  instanceId: InstanceId
  /** SMBIOS UUID; starts with `ec2` as on AWS. */
  uuid: string
  /** SMBIOS product name, as on AWS: `t3.micro`. */
  instanceType: string
  architecture: Architecture
  vcpus: number
  coresPerSocket: number
  threadsPerCore: number
  memoryMiB: number
  boot: BootPlan
  /** A TPM 2.0 of its own, whose state lies beside it. */
  hasTpm?: boolean
  disks: readonly DiskAttachment[]
  /** Of all its disks together, by its type (domain/bandwidth.ts). Absent or null: none but the disks' own. */
  diskLimits?: DiskLimits | null
  nics: readonly NicAttachment[]
  /** Whole GPUs of the host, its alone. Absent or null: none. */
  gpus?: GpuWish | null
  /** Network namespace in which QEMU runs; null on a host without networking (tests of the driver). */
  namespace: string | null
  /** Share of the host's CPU time in hundredths of a core (cgroup quota), null: as many cores as vCPUs. */
  cpuQuotaPercent: number | null
  /** Absent: memory of its own, and a boot. */
  memory?: MemoryPlan | null
  /** No machine at all: its disks are served to machines that share them, at this socket. */
  serves?: { socket: string } | null
  /** Pinned at first launch so that the machine boots again after an upgrade; null: choose now and report. */
  pinned: MachinePin | null
}

/** What was chosen at first launch, recorded in the instance. */
export interface MachinePin {
  /** Versioned, for example `pc-q35-7.2`. */
  machineType: string
  cpuModel: string
  accelerator: Accelerator
}

/** What the user wants of a machine on this host. */
export type MachineIntent = 'running' | 'stopped' | 'absent'

/** What a host sees of a machine. `guest` comes from the machine itself (panic, reset, power off). */
export interface MachineObservation {
  instanceId: InstanceId
  state: 'absent' | 'starting' | 'running' | 'paused' | 'stopping' | 'stopped' | 'crashed'
  /** Why it left `running`. */
  stopReason:
    | 'guest-shutdown'
    | 'host-request'
    | 'host-forced'
    | 'process-died'
    /** The whole host went down; whatever was meant to run should be started again. */
    | 'host-restarted'
    | 'start-failed'
    | null
  /** Human words for `crashed` and `start-failed`: the last lines of QEMU's log. */
  detail: string | null
  processId: number | null
  /** Stopped with its memory saved. */
  isHibernated?: boolean
  /** Disks that the host could not read or write since the machine started, by volume: in words. */
  diskErrors?: Readonly<Record<string, string>>
  pinned: MachinePin | null
  /** Milliseconds since the epoch. */
  startedAt: number | null
  observedAt: number
}

/** What a host can do; made by really booting, not by looking at a device file. */
export interface HypervisorReport {
  qemuVersion: string
  architecture: Architecture
  accelerator: Accelerator
  /** 1: the hypervisor is in the kernel on the hardware (KVM); 2: on top of an operating system (HVF, TCG). */
  hypervisorType: 1 | 2
  /** Plain words: what was tried and what came of it. */
  explanation: string
  machineType: string
  cpuModel: string
  hasUefi: boolean
  /** Firmware of `uefi` machines; null without OVMF. Secure: it keeps its variables from the guest's kernel. */
  uefi?: { codePath: string; varsPath: string; isSecure?: boolean } | null
  /** Programs for TPMs are there. */
  hasTpm?: boolean
  hasIoUring: boolean
  hasVhostNet: boolean
  /** The host is a virtual machine itself. Absent: it does not say. */
  isHostVirtual?: boolean
  /** Machines can use KVM themselves. */
  hasNested?: boolean
}

export interface HostDescription {
  hostId: HostId
  hostName: string
  zone: string
  hypervisor: HypervisorReport
  cpuCount: number
  memoryMiB: number
  diskFreeBytes: number
  /** What this host cannot enforce, in plain words (no cgroups, no vhost-net…). */
  limitations: readonly string[]
  /** Absent: it does not say. */
  pressure?: HostPressure
  /** Its GPUs, and what stands in the way of handing each to a machine. */
  gpus?: readonly Gpu[]
  isSimulated: boolean
}

/** What a host needs to know of a machine beyond the VM: whose it is and where its network lies. */
export interface MachineSpec {
  instanceId: InstanceId
  account: AccountId
  vpcId: VpcId
  /** Grows with every change of the intent; a host ignores older specs. */
  generation: number
  intent: MachineIntent
  /** Stop without asking the guest first. */
  isForced: boolean
  /** Stop with its memory saved, for the next start to go on from. */
  isHibernated?: boolean
  /** Grows when a reboot is asked for: the host reboots once for each new value. */
  rebootSerial: number
  /** Grows when the machine is to begin anew, with what it then has: the host stops and starts it. */
  restartSerial?: number
  vm: Omit<VmSpec, 'boot' | 'disks' | 'memory' | 'namespace' | 'nics'>
  /** What a guest that starts from a template is told at once; null: it always boots. */
  launch?: LaunchIdentity | null
  imageFolder: string | null
  /** By what it boots; absent: as its image's folder says. */
  firmware?: {
    mode: 'legacy-bios' | 'uefi'
    variables: readonly UefiVariable[] | null
    /** Base64, a secret: what its TPM begins with. Absent: as a new one. */
    tpmState?: string
  }
  disks: readonly MachineDisk[]
  nics: readonly MachineNic[]
}

/** Who a new machine is. One that boots learns the same from its metadata service. */
export interface LaunchIdentity {
  /** Fully qualified. */
  hostName: string
  /** A line of authorized_keys. */
  publicKey: string | null
  /** Base64. */
  userData: string | null
}

/** The root and eleven more: each has a port of its own, there from the start (hypervisor/qemu/devices.ts). */
export const DISKS_PER_MACHINE_MAX = 12

/** What is to be plugged into and pulled out of a machine while it runs. May be repeated at any time. */
export interface DiskChanges {
  instanceId: InstanceId
  attach: readonly MachineDisk[]
  detach: readonly VolumeId[]
}

/** The same for interfaces; their TAPs are there already. */
export interface NicChanges {
  instanceId: InstanceId
  attach: readonly MachineNic[]
  detach: readonly NetworkInterfaceId[]
}

export interface NicFailure {
  interfaceId: NetworkInterfaceId
  reason: string
}

/**
 * Interfaces that a running machine can have at least; one that was launched with more has room for as many as it
 * was launched with, and no machine for more than the most (hypervisor/qemu/devices.ts).
 */
export const NICS_PLUGGABLE_MAX = 2
export const NICS_PER_MACHINE_MAX = 4

/** A disk that could not be plugged (nothing of it is left) or that the guest does not let go of. */
export interface DiskFailure {
  volumeId: VolumeId
  reason: string
}

/** What a volume's content starts from: a file of an image, or a frozen layer. */
export type VolumeSource =
  | { imageId: string; imageFolder: string; file: string }
  | { layerId: LayerId }

/** A disk by what it is, not by where the host keeps it. */
export interface MachineDisk extends DiskLimits {
  volumeId: VolumeId
  deviceName: string
  sizeGiB: number
  isRoot: boolean
  isReadOnly: boolean
  /** What its content starts from; null: zeros. */
  source: VolumeSource | null
  /** Absent or null: nothing of it is encrypted. A text: why its key cannot be had, so that it cannot be opened. */
  keys?: VolumeKeys | string | null
  /** Its content is copied rather than lain upon: the source is encrypted otherwise. */
  isCopied?: boolean
  /** Other machines may have it at the same time: its host serves it to all of them. */
  isShared?: boolean
}

export interface MachineNic {
  interfaceId: NetworkInterfaceId
  subnetId: SubnetId
  deviceIndex: number
  mac: string
  privateAddress: string
}
