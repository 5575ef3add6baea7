/**
 * Disks and interfaces as QEMU objects: the same plain data for the command line (as JSON options) and for hot-plug
 * (as QMP arguments), so that a disk attached live is no different from one present at boot. Pure.
 */
import {
  DISKS_PER_MACHINE_MAX,
  type DiskAttachment,
  type DiskBacking,
  type DiskLimits,
  type NicAttachment,
} from '../../domain/machine.ts'
import { deviceIndexOf } from '../../domain/device-index.ts'
import { nbdSourceOf, type NbdSource } from '../../domain/nbd-source.ts'
import { secretName } from '../../lib/secret-files.ts'

/**
 * Every disk and interface sits alone behind a PCIe root port, because q35 can only plug and unplug there. An
 * interface's port has its own PCI slot, whatever disks there are, so that the guest's name for it never changes.
 * An empty port costs a cold boot about 27 ms in emulation (16 of them: 430 ms of 2.8 s), so there are two for
 * interfaces and six for disks, and with many disks two more than these; the maxima are what three PCI slots hold.
 */
export const NIC_PORT_COUNT_MIN = 2
export const NIC_PORT_COUNT_MAX = 4
export const DISK_PORT_COUNT_MIN = 6
export const DISK_PORT_COUNT_MAX = DISKS_PER_MACHINE_MAX
const DISK_PORTS_FREE = 2

export function portCounts(spec: { nics: readonly unknown[]; disks: readonly unknown[] }) {
  const diskPorts = Math.max(DISK_PORT_COUNT_MIN, spec.disks.length + DISK_PORTS_FREE)
  return {
    nic: Math.min(NIC_PORT_COUNT_MAX, Math.max(NIC_PORT_COUNT_MIN, spec.nics.length)),
    disk: Math.min(DISK_PORT_COUNT_MAX, diskPorts),
  }
}

/** Where devices were plugged in a machine whose memory was saved: its guest finds them there again. */
export interface DeviceLayout {
  nic: number
  disk: number
  /** Root port by device. */
  ports: Readonly<Record<string, string>>
}

/** What the host can do for this machine's I/O; found out by the driver before rendering. */
export interface IoAbilities {
  hasIoUring: boolean
  hasVhostNet: boolean
  /** O_DIRECT works where the disk lies (it does not on some tmpfs and network file systems). */
  isDirectIo: (path: string) => boolean
  /** Its disks have a limit together (`MACHINE_LIMIT`). */
  isLimited?: boolean
}

export interface DiskObjects {
  throttleGroup: object
  /** What lies beneath and is no file, to be opened before; QEMU would take the file's own word for it otherwise. */
  served: object | null
  blockdev: object
  device: object
}

export interface NicObjects {
  netdev: Record<string, string | boolean>
  device: object
}

export const diskDeviceId = (volumeId: string): string => `disk-${volumeId}`
export const nicDeviceId = (interfaceId: string): string => `nic-${interfaceId}`
export const netdevId = (interfaceId: string): string => `net-${interfaceId}`
/** The limit that all disks of a machine share, there when its type has one. */
export const MACHINE_LIMIT = 'limit-machine'
export const throttleGroupId = (volumeId: string): string => `limit-${volumeId}`
/** The node of the file that was written to when the disk was attached. At most 31 characters. */
export const formatNodeName = (volumeId: string): string => `fmt-${volumeId}`
/** The topmost node, which the device reads: the filter that limits, there for a limit to come too. */
export const topNodeName = (volumeId: string): string => `top-${volumeId}`

/** Beneath it the filter of the limit that all disks share. */
const sharedNodeName = (volumeId: string): string => `all-${volumeId}`

/** The node of what is beneath a volume that is being restored. */
export const servedNodeName = (volumeId: string): string => `pnt-${volumeId}`

export const nicPort = (slot: number): string => `nic${slot}`
export const gpuPort = (slot: number): string => `gpu${slot}`
export const diskPort = (slot: number): string => `disk${slot}`

/** EBS's serial: the volume id without its dash. 20 characters, exactly virtio-blk's limit. */
export function diskSerial(volumeId: string): string {
  return volumeId.replace('-', '')
}

export function diskObjects(disk: DiskAttachment, port: string, io: IoAbilities): DiskObjects {
  const nbd = disk.backing ? nbdSourceOf(disk.backing.path) : null
  const beneath = (): string | object | undefined => {
    if (nbd) return servedNodeName(disk.volumeId)
    return disk.format === 'qcow2' && disk.backing ? backingNode(disk.backing, io) : undefined
  }
  const file = { ...formatNode(disk, formatNodeName(disk.volumeId), io), backing: beneath() }
  const index = deviceIndexOf(disk.deviceName)
  return {
    served: nbd && servedNode(nbd, servedNodeName(disk.volumeId)),
    throttleGroup: {
      id: throttleGroupId(disk.volumeId),
      'qom-type': 'throttle-group',
      limits: limitsOf(disk),
    },
    blockdev: {
      driver: 'throttle',
      'node-name': topNodeName(disk.volumeId),
      'throttle-group': throttleGroupId(disk.volumeId),
      file: io.isLimited ? sharedNode(disk.volumeId, file) : file,
    },
    device: {
      driver: 'virtio-blk-pci',
      id: diskDeviceId(disk.volumeId),
      bus: port,
      drive: topNodeName(disk.volumeId),
      serial: diskSerial(disk.volumeId),
      // The guest's firmware says it, at boot and when the disk is plugged in.
      ...(index === null ? {} : { 'acpi-index': index }),
      iothread: 'iothread0',
      'write-cache': 'on',
      ...(disk.isRoot ? { bootindex: 1 } : {}),
    },
  }
}

function sharedNode(volumeId: string, file: object): object {
  const name = sharedNodeName(volumeId)
  return { driver: 'throttle', 'node-name': name, 'throttle-group': MACHINE_LIMIT, file }
}

export function machineLimit(limits: DiskLimits): object {
  return { id: MACHINE_LIMIT, 'qom-type': 'throttle-group', limits: limitsOf(limits) }
}

/** The file that a guest's writes go to; what lies beneath is said by the caller. */
export function formatNode(
  disk: Pick<DiskAttachment, 'format' | 'path' | 'isReadOnly' | 'key'>,
  nodeName: string,
  io: IoAbilities,
) {
  const nbd = nbdSourceOf(disk.path)
  if (nbd) return { driver: 'raw', 'node-name': nodeName, discard: 'unmap', file: clientNode(nbd) }
  const isDirect = io.isDirectIo(disk.path)
  return {
    driver: disk.format,
    'node-name': nodeName,
    'read-only': disk.isReadOnly,
    // A guest's TRIM gives space back to the host, as a deleted block on EBS costs no more.
    discard: 'unmap',
    // The write cache is declared to the guest, and a guest's flush becomes an fsync: never `unsafe`.
    cache: { direct: isDirect, 'no-flush': false },
    file: { ...fileNode(disk.path, isDirect, io), discard: 'unmap' },
    ...encryptOf(disk),
  }
}

/** Images and layers are shared by many machines and never change: the page cache serves all of them. */
export function backingNode(backing: DiskBacking, io: IoAbilities): object {
  return {
    driver: backing.format,
    'read-only': true,
    file: { ...fileNode(backing.path, false, io), 'read-only': true },
    ...encryptOf(backing),
    ...(backing.backing ? { backing: backingNode(backing.backing, io) } : {}),
  }
}

/** Who serves it may be gone for a while: reads wait, and the guest notices nothing but that. */
const NBD_RECONNECT_SECONDS = 86_400
const NBD_OPEN_SECONDS = 30

function servedNode(source: NbdSource, nodeName: string): object {
  const file = { ...clientNode(source), 'read-only': true }
  return { driver: 'raw', 'node-name': nodeName, 'read-only': true, file }
}

function clientNode({ socket, exportName }: NbdSource) {
  return {
    driver: 'nbd',
    server: { type: 'unix', path: socket },
    export: exportName,
    discard: 'unmap',
    'reconnect-delay': NBD_RECONNECT_SECONDS,
    'open-timeout': NBD_OPEN_SECONDS,
  }
}

/** The key itself comes another way (secrets.ts). */
export function encryptOf({ key }: { key?: string | null }) {
  return key ? { encrypt: { format: 'luks', 'key-secret': secretName(key) } } : {}
}

export function nicObjects(nic: NicAttachment, port: string, io: IoAbilities): NicObjects {
  return {
    netdev: {
      type: 'tap',
      id: netdevId(nic.interfaceId),
      ifname: nic.tapName,
      // QEMU runs nothing (and the sandbox would forbid it): the fabric has made the TAP.
      script: 'no',
      downscript: 'no',
      ...(io.hasVhostNet ? { vhost: true } : {}),
    },
    device: {
      driver: 'virtio-net-pci',
      id: nicDeviceId(nic.interfaceId),
      bus: port,
      netdev: netdevId(nic.interfaceId),
      mac: nic.mac,
      host_mtu: nic.mtu,
      // No network boot: the firmware would wait for DHCP before the disk.
      romfile: '',
    },
  }
}

function fileNode(path: string, isDirect: boolean, io: IoAbilities) {
  return {
    driver: 'file',
    filename: path,
    aio: io.hasIoUring ? 'io_uring' : isDirect ? 'native' : 'threads',
    cache: { direct: isDirect, 'no-flush': false },
  }
}

const MIB = 1024 ** 2

const bytesOf = (mib: number): number => Math.round(mib * MIB)

/** Property names of QEMU's ThrottleLimits. */
export function limitsOf(disk: DiskLimits) {
  const { iopsMax, throughputMaxMiBps, iopsBurst, throughputBurst, ioSizeKiB } = disk
  return {
    ...(iopsMax === null ? {} : { 'iops-total': iopsMax }),
    ...(throughputMaxMiBps === null ? {} : { 'bps-total': bytesOf(throughputMaxMiBps) }),
    ...(iopsBurst
      ? { 'iops-total-max': iopsBurst.perSecond, 'iops-total-max-length': iopsBurst.seconds }
      : {}),
    ...(throughputBurst
      ? {
          'bps-total-max': bytesOf(throughputBurst.mibPerSecond),
          'bps-total-max-length': throughputBurst.seconds,
        }
      : {}),
    ...(ioSizeKiB ? { 'iops-size': ioSizeKiB * 1024 } : {}),
  }
}

/** The same for a group that has limits: QEMU keeps those that are not named. */
export function limitsAnew(disk: DiskLimits) {
  return {
    'iops-total': 0,
    'iops-total-max': 0,
    'iops-total-max-length': 1,
    'bps-total': 0,
    'bps-total-max': 0,
    'bps-total-max-length': 1,
    'iops-size': 0,
    ...limitsOf(disk),
  }
}
