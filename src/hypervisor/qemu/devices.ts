/**
 * Disks and interfaces as QEMU objects: the same plain data for the command line (as JSON options) and for hot-plug
 * (as QMP arguments), so that a disk attached live is no different from one present at boot. Pure.
 */
import {
  DISKS_PER_MACHINE_MAX,
  type DiskAttachment,
  type NicAttachment,
} from '../../domain/machine.ts'

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

/** What the host can do for this machine's I/O; found out by the driver before rendering. */
export interface IoAbilities {
  hasIoUring: boolean
  hasVhostNet: boolean
  /** O_DIRECT works where the disk lies (it does not on some tmpfs and network file systems). */
  isDirectIo: (path: string) => boolean
}

export interface DiskObjects {
  throttleGroup: object | null
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
export const throttleGroupId = (volumeId: string): string => `limit-${volumeId}`
/** The node that holds the format, which backups and snapshots address. At most 31 characters. */
export const formatNodeName = (volumeId: string): string => `fmt-${volumeId}`
/** The topmost node, which the device reads: the throttle filter, or the format itself. */
export const topNodeName = (disk: DiskAttachment): string =>
  isThrottled(disk) ? `top-${disk.volumeId}` : formatNodeName(disk.volumeId)

export const nicPort = (slot: number): string => `nic${slot}`
export const diskPort = (slot: number): string => `disk${slot}`

/** EBS's serial: the volume id without its dash. 20 characters, exactly virtio-blk's limit. */
export function diskSerial(volumeId: string): string {
  return volumeId.replace('-', '')
}

export function diskObjects(disk: DiskAttachment, port: string, io: IoAbilities): DiskObjects {
  const isThrottle = isThrottled(disk)
  const format = {
    driver: disk.format,
    'node-name': formatNodeName(disk.volumeId),
    'read-only': disk.isReadOnly,
    // A guest's TRIM gives space back to the host, as a deleted block on EBS costs no more.
    discard: 'unmap',
    // The write cache is declared to the guest, and a guest's flush becomes an fsync: never `unsafe`.
    cache: { direct: io.isDirectIo(disk.path), 'no-flush': false },
    file: { ...fileNode(disk.path, io.isDirectIo(disk.path), io), discard: 'unmap' },
    ...(disk.format === 'qcow2' && disk.backing
      ? {
          backing: {
            driver: disk.backing.format,
            'read-only': true,
            // The image is shared by many machines and never changes: the page cache serves all of them.
            file: { ...fileNode(disk.backing.path, false, io), 'read-only': true },
          },
        }
      : {}),
  }
  return {
    throttleGroup: isThrottle
      ? { id: throttleGroupId(disk.volumeId), 'qom-type': 'throttle-group', limits: limitsOf(disk) }
      : null,
    blockdev: isThrottle
      ? {
          driver: 'throttle',
          'node-name': topNodeName(disk),
          'throttle-group': throttleGroupId(disk.volumeId),
          file: format,
        }
      : format,
    device: {
      driver: 'virtio-blk-pci',
      id: diskDeviceId(disk.volumeId),
      bus: port,
      drive: topNodeName(disk),
      serial: diskSerial(disk.volumeId),
      iothread: 'iothread0',
      'write-cache': 'on',
      ...(disk.isRoot ? { bootindex: 1 } : {}),
    },
  }
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

function isThrottled(disk: DiskAttachment): boolean {
  return disk.iopsMax !== null || disk.throughputMaxMiBps !== null
}

/** Property names of QEMU's ThrottleLimits. */
export function limitsOf(disk: Pick<DiskAttachment, 'iopsMax' | 'throughputMaxMiBps'>) {
  return {
    ...(disk.iopsMax === null ? {} : { 'iops-total': disk.iopsMax }),
    ...(disk.throughputMaxMiBps === null
      ? {}
      : { 'bps-total': disk.throughputMaxMiBps * 1024 * 1024 }),
  }
}
