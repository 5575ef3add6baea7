/** The command line is a pure function: its whole text for typical machines, and the rules that are easy to break. */
import { expect, test } from 'vitest'
import type {
  DiskAttachment,
  FrozenShape,
  HypervisorReport,
  VmSpec,
} from '../../../src/domain/machine.ts'
import type { InstanceId } from '../../../src/domain/ids.ts'
import {
  choosePin,
  commandLine,
  type CommandLineHost,
} from '../../../src/hypervisor/qemu/command-line.ts'
import { diskSerial } from '../../../src/hypervisor/qemu/devices.ts'
import { machinePaths } from '../../../src/hypervisor/qemu/layout.ts'

const ID = 'i-0123456789abcdef0' as InstanceId
const REPORT: HypervisorReport = {
  qemuVersion: '7.2.22',
  architecture: 'x86_64',
  accelerator: 'tcg',
  hypervisorType: 2,
  explanation: '',
  machineType: 'pc-q35-7.2',
  cpuModel: 'Westmere-v1,+rdrand',
  hasUefi: true,
  uefi: { codePath: '/fw/code.fd', varsPath: '/fw/vars.fd' },
  hasIoUring: true,
  hasVhostNet: false,
}
const ROOT: DiskAttachment = {
  volumeId: 'vol-0123456789abcdef0' as never,
  deviceName: '/dev/xvda',
  path: '/home/volumes/vol-0123456789abcdef0/disk.qcow2',
  format: 'qcow2',
  backing: { path: '/home/images/tiny/disk.qcow2', format: 'qcow2' },
  isRoot: true,
  isReadOnly: false,
  iopsMax: null,
  throughputMaxMiBps: null,
}
const SPEC: VmSpec = {
  instanceId: ID,
  uuid: 'ec2a1111-2222-4333-8444-555566667777',
  instanceType: 't3.micro',
  architecture: 'x86_64',
  vcpus: 2,
  coresPerSocket: 1,
  threadsPerCore: 2,
  memoryMiB: 1024,
  boot: { mode: 'bios' },
  disks: [ROOT],
  nics: [
    {
      interfaceId: 'eni-0123456789abcdef0' as never,
      deviceIndex: 0,
      mac: '02:00:00:00:00:01',
      tapName: 't0123456789abc',
      mtu: 1500,
    },
  ],
  namespace: 'brume-vpc-1',
  cpuQuotaPercent: null,
  pinned: null,
}

function host(changes: Partial<CommandLineHost> = {}): CommandLineHost {
  return {
    executable: 'qemu-system-x86_64',
    paths: machinePaths('/home/instances', '/home/instances', ID),
    report: REPORT,
    pin: choosePin(null, REPORT),
    io: { hasIoUring: true, hasVhostNet: false, isDirectIo: () => true },
    runAs: null,
    ...changes,
  }
}

/** One option a line, as command-line.txt has it. */
const text = (spec: VmSpec, onHost = host()): string => {
  const { exe, args } = commandLine(spec, onHost)
  return [exe, ...args].join(' ').replaceAll(/ (?=-[a-z])/g, '\n')
}

const optionsOf = (spec: VmSpec, name: string, onHost = host()): string[] => {
  const { args } = commandLine(spec, onHost)
  return args.filter((_, at) => args[at - 1] === name)
}

const nodesOf = (spec: VmSpec, onHost = host()) =>
  optionsOf(spec, '-blockdev', onHost).map((one) => JSON.parse(one) as Record<string, any>)

test('a machine that boots from its disk by BIOS, in emulation', () => {
  expect(text(SPEC)).toMatchSnapshot()
})

test('in emulation a machine keeps translated code by its memory, or as much as it is told', () => {
  const cacheOf = (memoryMiB: number) => optionsOf({ ...SPEC, memoryMiB }, '-accel')
  expect(cacheOf(128)).toEqual(['tcg,thread=multi,tb-size=128'])
  expect(cacheOf(512)).toEqual(['tcg,thread=multi,tb-size=128'])
  expect(cacheOf(1_024)).toEqual(['tcg,thread=multi,tb-size=256'])
  expect(cacheOf(65_536)).toEqual(['tcg,thread=multi,tb-size=512'])
  expect(optionsOf(SPEC, '-accel', { ...host(), tcgCacheMiB: 20 })).toEqual([
    'tcg,thread=multi,tb-size=20',
  ])
})

test('a machine with its own kernel and no namespace', () => {
  const boot = {
    mode: 'kernel' as const,
    kernelPath: '/images/tiny/vmlinuz',
    initrdPath: '/images/tiny/initrd',
    append: 'console=ttyS0 root=/dev/vda',
  }
  expect(text({ ...SPEC, boot, namespace: null, disks: [], nics: [] })).toMatchSnapshot()
})

test('a machine under KVM with UEFI, vhost, limits on its disk and an own user', () => {
  const report = {
    ...REPORT,
    accelerator: 'kvm' as const,
    cpuModel: 'host',
    hypervisorType: 1 as const,
  }
  const spec: VmSpec = {
    ...SPEC,
    boot: { mode: 'uefi' },
    disks: [{ ...ROOT, iopsMax: 3000, throughputMaxMiBps: 125 }],
  }
  const io = { hasIoUring: false, hasVhostNet: true, isDirectIo: () => true }
  const onHost = host({ report, pin: choosePin(null, report), io, runAs: { uid: 9001, gid: 9000 } })
  expect(text(spec, onHost)).toMatchSnapshot()
})

test('the image beneath a disk goes through the page cache, the disk itself past it', () => {
  const format = nodesOf(SPEC)[0]!['file'] as unknown as Record<string, unknown>
  expect(format['file']).toMatchObject({ aio: 'io_uring', cache: { direct: true } })
  expect(format['backing']).toMatchObject({
    driver: 'qcow2',
    'read-only': true,
    file: { cache: { direct: false }, 'read-only': true },
  })
})

test('without O_DIRECT and io_uring, threads do the I/O', () => {
  const io = { hasIoUring: false, hasVhostNet: false, isDirectIo: () => false }
  const format = nodesOf(SPEC, host({ io }))[0]!['file'] as unknown as Record<string, unknown>
  expect(format['file']).toMatchObject({ aio: 'threads', cache: { direct: false } })
})

test('the root is the first disk, whatever the order of the mappings', () => {
  const data = { ...ROOT, volumeId: 'vol-0aaaaaaaaaaaaaaaa' as never, isRoot: false }
  const devices = optionsOf({ ...SPEC, disks: [data, ROOT] }, '-device')
    .filter((one) => one.includes('virtio-blk'))
    .map((one) => JSON.parse(one) as { id: string; bus: string; bootindex?: number })
  expect(devices).toMatchObject([
    { id: `disk-${ROOT.volumeId}`, bus: 'disk0', bootindex: 1 },
    { id: `disk-${data.volumeId}`, bus: 'disk1' },
  ])
  expect(devices[1]).not.toHaveProperty('bootindex')
})

test('names fit QEMU’s limits: 20 bytes of serial, 31 of node name', () => {
  expect(diskSerial(ROOT.volumeId)).toBe('vol0123456789abcdef0')
  expect(diskSerial(ROOT.volumeId)).toHaveLength(20)
  const limited = { ...SPEC, disks: [{ ...ROOT, iopsMax: 100 }] }
  for (const node of nodesOf(limited)) {
    expect(node['node-name'].length).toBeLessThanOrEqual(31)
    expect(node['file']['node-name'].length).toBeLessThanOrEqual(31)
  }
})

test('a comma in a path stays part of the path', () => {
  const paths = machinePaths('/home/a,b', '/home/a,b', ID)
  const serial = optionsOf(SPEC, '-chardev', host({ paths })).find((one) => one.includes('serial'))
  expect(serial).toContain(`logfile=/home/a,,b/${ID}/serial.log`)
})

test('vCPUs that do not fill sockets become one socket of cores', () => {
  expect(optionsOf({ ...SPEC, vcpus: 3 }, '-smp')).toEqual([
    'cpus=3,sockets=1,cores=3,threads=1,maxcpus=3',
  ])
  expect(optionsOf({ ...SPEC, vcpus: 8, coresPerSocket: 2 }, '-smp')).toEqual([
    'cpus=8,sockets=2,cores=2,threads=2,maxcpus=8',
  ])
})

test('a pin holds while its accelerator is there, and keeps the machine type when it is not', () => {
  const pinned = { machineType: 'pc-q35-6.2', cpuModel: 'Nehalem-v1', accelerator: 'tcg' as const }
  expect(choosePin(pinned, REPORT)).toEqual(pinned)
  const kvm = { ...pinned, cpuModel: 'host', accelerator: 'kvm' as const }
  expect(choosePin(kvm, REPORT)).toEqual({
    machineType: 'pc-q35-6.2',
    cpuModel: REPORT.cpuModel,
    accelerator: 'tcg',
  })
})

const SHAPE: FrozenShape = {
  vcpus: 1,
  memoryMiB: 512,
  coresPerSocket: 1,
  threadsPerCore: 1,
  vcpusMax: 16,
  memoryMaxMiB: 65_536,
}
const MEMORY_PATH = '/home/templates/tiny-1x512/memory'
const COPY: VmSpec = {
  ...SPEC,
  memory: {
    mode: 'frozen',
    memoryPath: MEMORY_PATH,
    statePath: '/home/templates/tiny-1x512/state',
    shape: SHAPE,
    hasGenerationId: true,
    rootSizeBytes: null,
  },
}
const TO_FREEZE: VmSpec = {
  ...SPEC,
  instanceType: 'brume.template',
  vcpus: 1,
  threadsPerCore: 1,
  memoryMiB: 512,
  memory: { mode: 'to-freeze', memoryPath: MEMORY_PATH, shape: SHAPE, hasGenerationId: true },
  namespace: null,
}

test('a machine that is to be frozen: memory in a shared file, in a network of its own', () => {
  expect(text(TO_FREEZE)).toMatchSnapshot()
})

test('a copy of a frozen machine: the same file, private', () => {
  expect(text(COPY)).toMatchSnapshot()
})

test('a copy is described as the frozen machine was, but for what is the instance’s own', () => {
  const data = { ...ROOT, volumeId: 'vol-0aaaaaaaaaaaaaaaa' as never, isRoot: false }
  const second = {
    ...SPEC.nics[0]!,
    interfaceId: 'eni-0aaaaaaaaaaaaaaaa' as never,
    deviceIndex: 1,
    tapName: 't0aaaaaaaaaaaa',
  }
  const copy = { ...COPY, vcpus: 4, memoryMiB: 4096, disks: [data, ROOT] }
  const twoNics = { ...copy, nics: [second, ...SPEC.nics] }
  for (const option of ['-smp', '-m', '-machine', '-cpu']) {
    expect(optionsOf(copy, option), option).toEqual(optionsOf(TO_FREEZE, option))
  }
  // The same processor; the room for its translated code goes by the memory that the copy is to have.
  expect(optionsOf(TO_FREEZE, '-accel')).toEqual(['tcg,thread=multi,tb-size=128'])
  expect(optionsOf(copy, '-accel')).toEqual(['tcg,thread=multi,tb-size=512'])
  const [backend] = optionsOf(copy, '-object').filter((one) => one.includes('id=mem'))
  const [shared] = optionsOf(TO_FREEZE, '-object').filter((one) => one.includes('id=mem'))
  expect(backend).toBe(shared!.replace('share=on', 'share=off'))
  // Further disks and interfaces are plugged in afterwards; the other half of an interface is opened at the start.
  const devices = (spec: VmSpec, driver: string) =>
    optionsOf(spec, '-device').filter((one) => one.includes(`"${driver}`)).length
  expect(devices(copy, 'virtio-blk')).toBe(1)
  expect(devices(twoNics, 'virtio-net')).toBe(1)
  expect(optionsOf(twoNics, '-netdev')).toHaveLength(2)
})

test('only frozen machines and their copies have the line by which identity comes', () => {
  const line = (spec: VmSpec) =>
    optionsOf(spec, '-device').filter((one) => one.includes('org.brume.launch.0'))
  expect(line(COPY)).toEqual(line(TO_FREEZE))
  expect(line(COPY)).toHaveLength(1)
  expect(line(SPEC)).toEqual([])
  expect(optionsOf(COPY, '-incoming')).toEqual(['defer'])
  expect(optionsOf(TO_FREEZE, '-incoming')).toEqual([])
})

test('a frozen machine and its copies alike tell a guest that it is a copy, where its kernel heeds that', () => {
  for (const spec of [COPY, TO_FREEZE]) {
    const deaf = { ...spec, memory: { ...spec.memory!, hasGenerationId: false } }
    expect(optionsOf(spec, '-device')).toContain('vmgenid,guid=auto')
    expect(optionsOf(deaf, '-device').join(' ')).not.toContain('vmgenid')
  }
})

test('a copy with nothing plugged in starts without huge pages, in the place of a Perl', () => {
  const before = (spec: VmSpec, hasSmallPages: boolean): string[] => {
    const { args } = commandLine(spec, host({ hasSmallPages }))
    return args.slice(args.indexOf('--') + 1, args.indexOf('qemu-system-x86_64'))
  }
  const copy = { ...COPY, vcpus: 1, memoryMiB: 512 }
  expect(before(copy, true)).toEqual([
    '/usr/bin/perl',
    '-e',
    expect.stringMatching(/^syscall 157, 41, 1/),
  ])
  expect(before(copy, false)).toEqual([])
  expect(before({ ...copy, memoryMiB: 1024 }, true)).toEqual([])
  expect(before(SPEC, true)).toEqual([])
})

test('a template of one exact size leaves no room to plug anything in', () => {
  const shape = { ...SHAPE, vcpus: 2, threadsPerCore: 2, vcpusMax: 2, memoryMaxMiB: 512 }
  const spec: VmSpec = { ...TO_FREEZE, memory: { ...TO_FREEZE.memory!, shape } as never }
  expect(optionsOf(spec, '-smp')).toEqual(['cpus=2,sockets=1,cores=1,threads=2,maxcpus=2'])
  expect(optionsOf(spec, '-m')).toEqual(['size=512M'])
})

test('GPUs: each card whole behind a port of its own, memory that stays, and a window as large as needed', () => {
  const report = { ...REPORT, accelerator: 'kvm' as const, cpuModel: 'host' }
  const gpus = [
    { functions: ['0000:01:00.0', '0000:01:00.1'], windowBytes: 33 * 1024 ** 3 },
    { functions: ['0000:81:00.0'], windowBytes: 1024 ** 3 },
  ]
  const onHost = host({ report, pin: choosePin(null, report), gpus })
  const { exe, args } = commandLine(SPEC, onHost)
  expect(exe).toBe('nsenter')
  expect(args.slice(1, 5)).toEqual(['--', 'prlimit', '--memlock=unlimited', 'qemu-system-x86_64'])
  expect(args).toContain('host,host-phys-bits=on')
  expect(args).toContain(`q35-pcihost.pci-hole64-size=${128 * 1024 ** 3}`)
  const devices = args.filter((one) => one.includes('vfio-pci') || one.includes('id=gpu'))
  expect(devices.join('\n')).toMatchSnapshot()
  // A small card fits into the window that is there.
  const small = host({ report, pin: choosePin(null, report), gpus: gpus.slice(1) })
  expect(commandLine(SPEC, small).args.join(' ')).not.toContain('pci-hole64-size')
})

test('disks with a limit together: its group first, and a filter in each', () => {
  const diskLimits = { iopsMax: 500, throughputMaxMiBps: 10 }
  const [shared, own] = optionsOf(
    { ...SPEC, diskLimits },
    '-object',
    host({ io: { ...host().io, isLimited: true } }),
  )
    .filter((one) => one.includes('throttle-group'))
    .map((one) => JSON.parse(one) as Record<string, unknown>)
  expect(shared).toMatchObject({ id: 'limit-machine', limits: { 'iops-total': 500 } })
  expect(own).toMatchObject({ id: `limit-${ROOT.volumeId}` })
  const [node] = nodesOf({ ...SPEC, diskLimits }, host({ io: { ...host().io, isLimited: true } }))
  expect(node).toMatchObject({
    driver: 'throttle',
    file: { driver: 'throttle', 'throttle-group': 'limit-machine' },
  })
})
