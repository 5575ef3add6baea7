/**
 * From a machine's spec to QEMU's command line: a pure function, snapshot-tested. The choices, and why:
 *
 * - Machine type is versioned and the CPU model named: both are recorded at first launch (MachinePin), so that a guest
 *   finds the same hardware after QEMU was upgraded.
 * - Disks are virtio-blk, not NVMe as on Nitro: every guest of the last ten years has the driver, it is faster under
 *   QEMU, and its serial carries the volume id where EBS's NVMe serial does.
 * - `-action shutdown=pause`: a guest that powers off leaves its process, paused, until the driver has seen it. So a
 *   power-off while no daemon was running is told apart from a crash (then the process is gone).
 * - `-S`: nothing runs before QMP answered and limits are in force.
 * - UEFI is OVMF with system management mode, where it keeps its variables from the guest's kernel: Secure Boot
 *   would be
 *   none without. The variables are a file of the machine's own.
 * - `memory-backend` is an object called `mem`: for a machine that is to be frozen it is a file, and for its copies the
 *   same file, copied page by page as they write (QEMU's docs: "x-ignore-shared"). A copy is described as the frozen
 *   machine was: same slots, same sizes, one interface, no SATA (1.6 MiB). Only what is plugged in is its own.
 */
import type {
  BootPlan,
  FrozenShape,
  HypervisorReport,
  MachinePin,
  VmSpec,
} from '../../domain/machine.ts'
import type { Card } from '../../domain/pci.ts'
import { assert } from '../../lib/assert.ts'
import {
  DISK_PORT_COUNT_MAX,
  NIC_PORT_COUNT_MAX,
  diskDeviceId,
  diskObjects,
  machineLimit,
  diskPort,
  gpuPort,
  nicDeviceId,
  nicObjects,
  nicPort,
  portCounts,
  type DeviceLayout,
  type IoAbilities,
} from './devices.ts'
import type { MachinePaths } from './layout.ts'
import { secretsOf } from './secrets.ts'
import { smallPagesWords } from './small-pages.ts'
import { translationCacheMiB } from './translation-cache.ts'

/**
 * What a kernel does against speculation of its processor does nothing in emulation, where its code is translated into
 * other code and all its memory is one process's; and a switch of page tables at every system call throws away the
 * emulator's whole address cache. https://docs.kernel.org/admin-guide/hw-vuln/
 */
const EMULATED_APPEND = 'mitigations=off'

/** Modules that can be plugged into a copy of a frozen machine. */
const MEMORY_SLOTS = 4
const FREEZE_NICENESS = 10
/** QEMU's own, for q35. */
const WINDOW_BYTES_DEFAULT = 32 * 1024 ** 3
const LAUNCH_PORT = 'org.brume.launch.0'

export interface CommandLineHost {
  executable: string
  paths: MachinePaths
  report: HypervisorReport
  pin: MachinePin
  tcgCacheMiB?: number | undefined
  io: IoAbilities
  /** Where a key of an encrypted disk lies for the moment, by its name (secrets.ts). */
  secretPath?: (name: string) => string
  /** Of a machine that goes on from its saved memory: how its devices were plugged. */
  layout?: DeviceLayout | null
  /** Cards of the host that are the machine's, bound to VFIO already: the functions of each. */
  gpus?: readonly Card[]
  /** Absent: it cannot be started without huge pages. */
  hasSmallPages?: boolean
  /** Whom QEMU becomes once its files are open; null: it stays who we are. */
  runAs: { uid: number; gid: number } | null
}

export interface CommandLine {
  exe: string
  args: string[]
}

export function commandLine(spec: VmSpec, host: CommandLineHost): CommandLine {
  if (spec.serves) return serverLine(spec, host)
  const qemuArgs = [
    ...identityArgs(spec, host),
    ...machineArgs(spec, host),
    ...bootArgs(spec.boot, host),
    ...tpmArgs(spec, host.paths),
    ...platformArgs(host.paths),
    ...launchPortArgs(spec, host.paths),
    ...portArgs(host.layout ?? portCounts(spec)),
    ...secretArgs(spec, host),
    ...diskArgs(spec, host),
    ...nicArgs(spec, host),
    ...gpuArgs(host.gpus ?? []),
    ...(isCopy(spec) || host.layout ? ['-incoming', 'defer'] : []),
  ]
  if (spec.memory?.mode === 'to-freeze') {
    // In an empty network of its own, and at a low priority: nobody waits for it. Both exec QEMU in their own place.
    const command = ['nice', '-n', String(FREEZE_NICENESS), host.executable, ...qemuArgs]
    return { exe: 'unshare', args: ['--net', '--', ...command] }
  }
  // A device that reaches memory by itself needs all of it to stay where it is.
  const isLocked = (host.gpus ?? []).length > 0
  const qemu = [
    ...(isLocked ? ['prlimit', '--memlock=unlimited'] : []),
    ...(host.hasSmallPages ? smallPagesWords(spec) : []),
    host.executable,
  ]
  if (spec.namespace === null) return { exe: qemu[0]!, args: [...qemu.slice(1), ...qemuArgs] }
  // nsenter execs QEMU in its own place, so the process id stays; TAPs plugged later are found there too.
  return {
    exe: 'nsenter',
    args: [`--net=/run/netns/${spec.namespace}`, '--', ...qemu, ...qemuArgs],
  }
}

/** Without processors, memory or devices; in an empty network of its own, where we may make one. */
function serverLine(spec: VmSpec, host: CommandLineHost): CommandLine {
  const args = [
    ...identityArgs(spec, host),
    ...['-machine', 'none', '-display', 'none'],
    ...controlArgs(host.paths),
    ...secretArgs(spec, host),
    ...diskArgs(spec, host),
  ]
  if (!host.runAs) return { exe: host.executable, args }
  return { exe: 'unshare', args: ['--net', '--ipc', '--', host.executable, ...args] }
}

/** What a machine is pinned to when it is launched for the first time, or moved to another accelerator. */
export function choosePin(pinned: MachinePin | null, report: HypervisorReport): MachinePin {
  const fresh = {
    machineType: report.machineType,
    cpuModel: report.cpuModel,
    accelerator: report.accelerator,
  }
  if (pinned === null) return fresh
  // A CPU model belongs to its accelerator (`host` means nothing to TCG); the machine type is everybody's.
  return pinned.accelerator === report.accelerator
    ? pinned
    : { ...fresh, machineType: pinned.machineType }
}

function identityArgs(spec: VmSpec, { paths, runAs }: CommandLineHost): string[] {
  // QEMU 7.2's `children` also forbids the setuid that -runas itself needs; afterwards it has no rights to gain.
  const elevate = `elevateprivileges=${runAs ? 'allow' : 'deny'}`
  return [
    ['-name', `guest=${spec.instanceId},debug-threads=on`],
    ['-uuid', spec.uuid],
    ['-pidfile', paths.pidFile],
    ['-msg', 'timestamp=on'],
    '-no-user-config',
    '-nodefaults',
    '-S',
    ['-action', 'shutdown=pause,panic=none,reboot=reset'],
    ['-sandbox', `on,obsolete=deny,${elevate},spawn=deny,resourcecontrol=deny`],
    runAs ? ['-runas', `${runAs.uid}:${runAs.gid}`] : [],
  ].flat()
}

function machineArgs(spec: VmSpec, host: CommandLineHost): string[] {
  const { pin, report, gpus = [], tcgCacheMiB } = host
  const cacheMiB = tcgCacheMiB ?? translationCacheMiB(spec.memoryMiB)
  const sata = spec.memory ? ',sata=off' : ''
  const smm = spec.boot.mode === 'uefi' && report.uefi?.isSecure ? ',smm=on' : ''
  return [
    // The HPET only costs exits under KVM; in emulation a guest without it calibrates its timers wrongly and may hang.
    [
      '-machine',
      `${pin.machineType},usb=off,vmport=off,hpet=${pin.accelerator === 'tcg' ? 'on' : 'off'}${smm}${sata},memory-backend=mem`,
    ],
    [
      '-accel',
      pin.accelerator === 'tcg' ? `tcg,thread=multi,tb-size=${cacheMiB}` : pin.accelerator,
    ],
    // The window of a card's memory lies high: the guest must know of as many address bits as the host has.
    ['-cpu', gpus.length > 0 ? `${pin.cpuModel},host-phys-bits=on` : pin.cpuModel],
    ...sizeArgs(spec),
    // driftfix: a guest that was not scheduled in time catches up instead of losing time.
    ['-rtc', 'base=utc,driftfix=slew'],
    // What cloud-init, and every agent that asks "is this EC2?", looks at: vendor, and uuid = serial = ec2….
    ['-smbios', 'type=0,vendor=Amazon EC2,version=1.0,date=10/16/2017'],
    [
      '-smbios',
      `type=1,manufacturer=Amazon EC2,product=${escapeComma(spec.instanceType)},uuid=${spec.uuid},serial=${spec.uuid}`,
    ],
    ['-smbios', `type=2,manufacturer=Amazon EC2,asset=${spec.instanceId}`],
    ['-smbios', 'type=3,manufacturer=Amazon EC2,asset=Amazon EC2'],
  ].flat()
}

function sizeArgs(spec: VmSpec): string[][] {
  const size: Omit<FrozenShape, 'memoryMaxMiB' | 'vcpusMax'> = spec.memory?.shape ?? spec
  const { vcpusMax, memoryMaxMiB } = spec.memory?.shape ?? {
    vcpusMax: spec.vcpus,
    memoryMaxMiB: spec.memoryMiB,
  }
  const memory = `size=${size.memoryMiB}M`
  const slots =
    memoryMaxMiB > size.memoryMiB ? `,slots=${MEMORY_SLOTS},maxmem=${memoryMaxMiB}M` : ''
  const backend = spec.memory
    ? `memory-backend-file,id=mem,${memory},mem-path=${escapeComma(spec.memory.memoryPath)},share=${isCopy(spec) ? 'off' : 'on'}`
    : `memory-backend-ram,id=mem,${memory}`
  return [
    ['-smp', `cpus=${size.vcpus},${topologyOf(size, vcpusMax)},maxcpus=${vcpusMax}`],
    ['-m', `${memory}${slots}`],
    ['-object', backend],
  ]
}

function topologyOf(
  size: { vcpus: number; coresPerSocket: number; threadsPerCore: number },
  vcpusMax: number,
): string {
  // Where processors can be plugged in, each is a core of the one socket.
  if (vcpusMax > size.vcpus) return `sockets=1,cores=${vcpusMax},threads=1`
  const { vcpus, coresPerSocket, threadsPerCore } = size
  const perSocket = coresPerSocket * threadsPerCore
  return perSocket > 0 && vcpus % perSocket === 0
    ? `sockets=${vcpus / perSocket},cores=${coresPerSocket},threads=${threadsPerCore}`
    : `sockets=1,cores=${vcpus},threads=1`
}

function isCopy(spec: VmSpec): boolean {
  return spec.memory?.mode === 'frozen'
}

function bootArgs(boot: BootPlan, { paths, report, pin }: CommandLineHost): string[] {
  if (boot.mode === 'bios') return ['-boot', 'strict=on']
  if (boot.mode === 'uefi') {
    assert(report.uefi, 'a UEFI machine on a host without OVMF')
    // OVMF with system management mode and sleep states do not go together.
    const secure = ['driver=cfi.pflash01,property=secure,value=on', 'ICH9-LPC.disable_s3=1']
    return [
      ...(report.uefi.isSecure ? secure.flatMap((value) => ['-global', value]) : []),
      '-drive',
      `if=pflash,unit=0,format=raw,readonly=on,file=${escapeComma(report.uefi.codePath)}`,
      '-drive',
      `if=pflash,unit=1,format=raw,file=${escapeComma(paths.nvram)}`,
    ]
  }
  return [
    ['-kernel', boot.kernelPath],
    boot.initrdPath === null ? [] : ['-initrd', boot.initrdPath],
    ['-append', pin.accelerator === 'tcg' ? `${boot.append} ${EMULATED_APPEND}` : boot.append],
  ].flat()
}

function tpmArgs(spec: VmSpec, paths: MachinePaths): string[] {
  if (!spec.hasTpm) return []
  return [
    ['-chardev', `socket,id=tpm0,path=${escapeComma(paths.tpmSocket)}`],
    ['-tpmdev', 'emulator,id=tpmdev0,chardev=tpm0'],
    ['-device', 'tpm-crb,tpmdev=tpmdev0'],
  ].flat()
}

function socketWords(id: string, path: string): string {
  return `socket,id=${id},path=${escapeComma(path)},server=on,wait=off`
}

function controlArgs({ qmpSocket }: MachinePaths): string[] {
  const monitor = ['-chardev', socketWords('qmp0', qmpSocket), '-mon', 'chardev=qmp0,mode=control']
  return [...monitor, '-object', 'iothread,id=iothread0']
}

function platformArgs(paths: MachinePaths): string[] {
  const socket = socketWords
  const serialLog = `logfile=${escapeComma(paths.serialLog)},logappend=on`
  return [
    ['-chardev', socket('qmp0', paths.qmpSocket), '-mon', 'chardev=qmp0,mode=control'],
    ['-chardev', `${socket('serial0', paths.serialSocket)},${serialLog}`],
    ['-serial', 'chardev:serial0'],
    ['-device', 'VGA,id=video0,bus=pcie.0,addr=0x1,vgamem_mb=8'],
    ['-display', 'none', '-vnc', `unix:${escapeComma(paths.vncSocket)}`],
    ['-device', 'virtio-serial-pci,id=vserial0,bus=pcie.0,addr=0x2'],
    ['-chardev', socket('qga0', paths.agentSocket)],
    ['-device', 'virtserialport,bus=vserial0.0,nr=1,chardev=qga0,name=org.qemu.guest_agent.0'],
    ['-object', 'rng-builtin,id=rng0'],
    ['-device', 'virtio-rng-pci,rng=rng0,bus=pcie.0,addr=0x3'],
    ['-device', 'pvpanic'],
    ['-object', 'iothread,id=iothread0'],
  ].flat()
}

/** What a frozen machine's copies hear of their identity by, and the number by which a guest notices that it is one. */
function launchPortArgs(spec: VmSpec, paths: MachinePaths): string[] {
  if (!spec.memory) return []
  return [
    ['-chardev', `socket,id=launch0,path=${escapeComma(paths.launchSocket)},server=on,wait=off`],
    ['-device', `virtserialport,bus=vserial0.0,nr=2,chardev=launch0,name=${LAUNCH_PORT}`],
    // Its change is an event of ACPI: in emulation, a guest without a driver translates a megabyte for nothing.
    spec.memory.hasGenerationId ? ['-device', 'vmgenid,guid=auto'] : [],
  ].flat()
}

/**
 * Root ports: interfaces in PCI slot 4, disks in slots 5 and 6, eight functions a slot. `io-reserve=0`: virtio needs
 * no I/O ports, which are few. The slot number is what guests name interfaces after.
 */
function portArgs(counts: { nic: number; disk: number }): string[] {
  const each = (count: number, of: (at: number) => Parameters<typeof rootPort>[0]): string[] =>
    Array.from({ length: count }, (_, at) => rootPort(of(at))).flat()
  return [
    ...each(counts.nic, (at) => ({ id: nicPort(at), pciSlot: 4, index: at, number: 1 + at })),
    ...each(counts.disk, (at) => ({ id: diskPort(at), pciSlot: 5, index: at, number: 17 + at })),
  ]
}

function rootPort(port: { id: string; pciSlot: number; index: number; number: number }): string[] {
  const { id, pciSlot, index, number } = port
  const address = `addr=0x${(pciSlot + Math.floor(index / 8)).toString(16)}.0x${index % 8}`
  const multifunction = index % 8 === 0 ? ',multifunction=on' : ''
  const identity = `chassis=${number},slot=${number}`
  return [
    '-device',
    `pcie-root-port,id=${id},bus=pcie.0,${address}${multifunction},${identity},io-reserve=0`,
  ]
}

/** Slots 7 and 8: sixteen cards. All functions of a card sit behind one port, as they do on the host. */
function gpuArgs(cards: readonly Card[]): string[] {
  if (cards.length === 0) return []
  const needed = cards.reduce((sum, { windowBytes }) => sum + windowBytes, 0)
  // Twice what they need, for each begins at a multiple of its size; larger than the host's addresses reach, and QEMU
  // would not start.
  const window = 2 ** Math.ceil(Math.log2(2 * Math.max(1, needed)))
  return [
    ...(window > WINDOW_BYTES_DEFAULT ? ['-global', `q35-pcihost.pci-hole64-size=${window}`] : []),
    ...cards.flatMap(({ functions }, at) => [
      ...rootPort({ id: gpuPort(at), pciSlot: 7, index: at, number: 33 + at }),
      ...functions.flatMap((host, number) => {
        const device = {
          driver: 'vfio-pci',
          id: `gpu-${at}-${number}`,
          host,
          bus: gpuPort(at),
          addr: `0x0.0x${number}`,
          ...(number === 0 && functions.length > 1 ? { multifunction: true } : {}),
        }
        return ['-device', JSON.stringify(device)]
      }),
    ]),
  ]
}

function secretArgs(spec: VmSpec, { secretPath }: CommandLineHost): string[] {
  return [...secretsOf(spec.disks).keys()].flatMap((name) => {
    assert(secretPath, 'an encrypted disk, and nowhere to read its key from')
    return ['-object', `secret,id=${name},file=${escapeComma(secretPath(name))}`]
  })
}

function diskArgs(spec: VmSpec, { io, layout }: CommandLineHost): string[] {
  assert(spec.disks.length <= DISK_PORT_COUNT_MAX, `more than ${DISK_PORT_COUNT_MAX} disks`)
  // The root first, so that it is the guest's first disk whatever the order of the mappings.
  // A copy has its root from the start and gets the others as its interfaces.
  const disks = spec.disks
    .filter((disk) => disk.isRoot || !isCopy(spec))
    .sort((a, b) => Number(b.isRoot) - Number(a.isRoot))
  const shared = spec.diskLimits ? ['-object', JSON.stringify(machineLimit(spec.diskLimits))] : []
  const each = disks.flatMap((disk, slot) => {
    const port = layout?.ports[diskDeviceId(disk.volumeId)] ?? diskPort(slot)
    const objects = diskObjects(disk, port, io)
    return [
      ['-object', JSON.stringify(objects.throttleGroup)],
      objects.served ? ['-blockdev', JSON.stringify(objects.served)] : [],
      ['-blockdev', JSON.stringify(objects.blockdev)],
      spec.serves ? [] : ['-device', JSON.stringify(objects.device)],
    ].flat()
  })
  return [...shared, ...each]
}

function nicArgs(spec: VmSpec, { io, layout }: CommandLineHost): string[] {
  assert(spec.nics.length <= NIC_PORT_COUNT_MAX, `more than ${NIC_PORT_COUNT_MAX} interfaces`)
  const nics = [...spec.nics].sort((a, b) => a.deviceIndex - b.deviceIndex)
  return nics.flatMap((nic, slot) => {
    const port = layout?.ports[nicDeviceId(nic.interfaceId)] ?? nicPort(slot)
    const { netdev, device } = nicObjects(nic, port, io)
    const { type, ...rest } = netdev
    const options = Object.entries(rest).map(([key, value]) =>
      typeof value === 'boolean' ? `${key}=${value ? 'on' : 'off'}` : `${key}=${value}`,
    )
    // A copy has the frozen machine's one interface; further ones are plugged in once its memory is there.
    const plugged = isCopy(spec) && slot > 0 ? [] : ['-device', JSON.stringify(device)]
    return ['-netdev', [type, ...options].join(','), ...plugged]
  })
}

/** QEMU's option lists double a comma that is part of a value. */
function escapeComma(text: string): string {
  return text.replaceAll(',', ',,')
}
