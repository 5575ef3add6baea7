/** What tests of templates and of launches from them have in common: an image that can be frozen, a machine of it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SHAPE_FIRST } from '../../src/agent/templates/key.ts'
import type { StoredTemplate } from '../../src/agent/templates/store.ts'
import { templateFiles } from '../../src/agent/templates/store.ts'
import type { Templates } from '../../src/agent/templates/templates.ts'
import type { VolumeBackend, VolumeFile } from '../../src/blocks/backend.ts'
import type { ImageManifest } from '../../src/domain/image-manifest.ts'
import type { HypervisorReport, MachineSpec } from '../../src/domain/machine.ts'
import type { VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import type { Clock } from '../../src/lib/time.ts'
import { systemClock } from '../../src/lib/time.ts'

export const ACCOUNT = '111122223333'
export const IMAGE_FOLDER = 'tiny/1'
export const DISK = 'disk.qcow2'
const GIB = 1024 ** 3

export const REPORT: HypervisorReport = {
  qemuVersion: '7.2.22',
  architecture: 'x86_64',
  accelerator: 'tcg',
  hypervisorType: 2,
  explanation: '',
  machineType: 'pc-q35-7.2',
  cpuModel: 'Westmere-v1,+rdrand',
  hasUefi: false,
  hasIoUring: false,
  hasVhostNet: false,
}

/** Writes the manifest of an image; its disk is for whoever needs one. @returns Its folder. */
export async function imageWrite(
  home: string,
  imageFolder = IMAGE_FOLDER,
  change: Partial<ImageManifest> = {},
): Promise<string> {
  const folder = join(home, 'images', imageFolder)
  await mkdir(folder, { recursive: true })
  const file = (name: string) => ({ name, sizeBytes: 1, sha256: '0'.repeat(64) })
  const manifest: ImageManifest = {
    format: 1,
    name: 'tiny',
    version: '1',
    contentHash: 'aa',
    description: '',
    architecture: 'x86_64',
    disk: { file: DISK, format: 'qcow2', virtualSizeBytes: GIB },
    boot: { kernel: { kernel: 'kernel', append: 'console=ttyS0' } },
    rootDeviceName: '/dev/xvda',
    defaultUser: 'ec2-user',
    launchPort: { version: 1, hostKeys: 'dropbear', canRehearse: true },
    files: [file(DISK), file('kernel')],
    sources: [],
    ...change,
  }
  await writeFile(join(folder, 'image.json'), JSON.stringify(manifest))
  return folder
}

const MACHINE: MachineSpec = {
  instanceId: 'i-0123456789abcdef0' as never,
  account: ACCOUNT as never,
  vpcId: 'vpc-0123456789abcdef0' as never,
  generation: 1,
  intent: 'running',
  isForced: false,
  rebootSerial: 0,
  vm: {
    instanceId: 'i-0123456789abcdef0' as never,
    uuid: 'ec2a1111-2222-4333-8444-555566667777',
    instanceType: 't3.nano',
    architecture: 'x86_64',
    vcpus: 1,
    coresPerSocket: 1,
    threadsPerCore: 1,
    memoryMiB: 512,
    cpuQuotaPercent: null,
    pinned: null,
  },
  launch: { hostName: 'ip-172-31-0-5.ec2.internal', publicKey: null, userData: null },
  imageFolder: IMAGE_FOLDER,
  disks: [
    {
      volumeId: 'vol-0123456789abcdef0' as never,
      deviceName: '/dev/xvda',
      sizeGiB: 1,
      source: { imageId: 'ami-0123456789abcdef0', imageFolder: IMAGE_FOLDER, file: DISK },
      isRoot: true,
      isReadOnly: false,
      iopsMax: null,
      throughputMaxMiBps: null,
    } as MachineSpec['disks'][number],
  ],
  nics: [
    {
      interfaceId: 'eni-0123456789abcdef0' as never,
      subnetId: 'subnet-0123456789abcdef0' as never,
      deviceIndex: 0,
      mac: '02:00:00:00:00:05',
      privateAddress: '172.31.0.5',
    },
  ],
}

/** `number` tells machines apart. */
export function machineOf(change: Partial<MachineSpec> = {}, number = 0): MachineSpec {
  const tail = number.toString(16).padStart(17, '0')
  const instanceId = `i-${tail}` as never
  const [root] = MACHINE.disks
  return {
    ...MACHINE,
    instanceId,
    vm: { ...MACHINE.vm, instanceId },
    disks: [{ ...root!, volumeId: `vol-${tail}` as never }],
    ...change,
  }
}

/** A machine of another image. */
export function machineFrom(imageFolder: string, number = 0): MachineSpec {
  const spec = machineOf({ imageFolder }, number)
  const source = { ...spec.disks[0]!.source!, imageFolder }
  return { ...spec, disks: [{ ...spec.disks[0]!, source }] }
}

/** The same machine with another size. */
export function sized(spec: MachineSpec, vcpus: number, memoryMiB: number): MachineSpec {
  return { ...spec, vm: { ...spec.vm, vcpus, memoryMiB, threadsPerCore: vcpus } }
}

/** The same machine with a root volume of another size. */
export function rooted(spec: MachineSpec, sizeGiB: number): MachineSpec {
  return { ...spec, disks: spec.disks.map((disk) => ({ ...disk, sizeGiB })) }
}

export const PLAN: VpcNetworkPlan = {
  vpcId: MACHINE.vpcId,
  account: MACHINE.account,
  region: 'us-east-1',
  cidrs: ['172.31.0.0/16'],
  index: 0,
  dns: { isServed: true, domain: 'ec2.internal', servers: null, ntpServers: null },
  subnets: [
    {
      subnetId: MACHINE.nics[0]!.subnetId,
      cidr: '172.31.0.0/20',
      gateway: '172.31.0.1',
      routes: [],
    },
  ],
  interfaces: [
    {
      interfaceId: MACHINE.nics[0]!.interfaceId,
      instanceId: null,
      subnetId: MACHINE.nics[0]!.subnetId,
      mac: MACHINE.nics[0]!.mac,
      privateAddresses: ['172.31.0.5'],
      publicAddresses: [],
      groupIds: [],
      isSourceDestChecked: true,
      hostName: 'ip-172-31-0-5',
      metadata: { isEnabled: true, hopLimit: 1 },
      isLive: true,
    },
  ],
  groups: [],
}

/** A template as the store describes it; nothing of it is on disk. */
export function storedTemplate(home: string, name = 'tiny-1x512-0'): StoredTemplate {
  const { qemuVersion, machineType, cpuModel, accelerator } = REPORT
  return {
    record: {
      key: name,
      imageFolder: IMAGE_FOLDER,
      file: DISK,
      rootSizeGiB: 1,
      shape: SHAPE_FIRST,
      environment: {
        qemuVersion,
        pin: { machineType, cpuModel, accelerator },
        hostKernel: '6.1',
        hostProcessor: 'a processor',
        layout: 1,
        launchPort: 1,
      },
      createdAt: 1,
    },
    files: templateFiles(join(home, 'templates', name)),
    sizeBytes: 1,
    lastUsedAt: null,
  }
}

/** Templates of which there is one for every machine. */
export function createFakeTemplates(home: string): Templates {
  return {
    ensure: async () => {},
    list: () => [],
    find: async () => storedTemplate(home),
    exact: () => storedTemplate(home),
    wanted: () => {},
    used: () => {},
    distrust: async () => {},
    onChange: () => () => {},
    settled: async () => {},
    close: async () => {},
  }
}

/** Volumes that are remembered and nothing else, as `blocks/` would keep them: what exists keeps its source. */
export interface FakeVolumes extends VolumeBackend {
  files: Map<string, VolumeFile>
  deleted: string[]
}

export function createFakeVolumes(): FakeVolumes {
  const files = new Map<string, VolumeFile>()
  const deleted: string[] = []
  return {
    files,
    deleted,
    ensure: async ({ volumeId, sizeGiB, source }) => {
      const known = files.get(volumeId)
      const path = `/volumes/${volumeId}/disk.qcow2`
      const sizeBytes = sizeGiB * GIB
      const fresh = { volumeId, path, format: 'qcow2' as const, sizeBytes, usedBytes: 0 }
      const file = known ? { ...known, sizeBytes } : { ...fresh, backing: source }
      files.set(volumeId, file)
      return file
    },
    delete: async (volumeId) => {
      deleted.push(volumeId)
      files.delete(volumeId)
    },
    list: async () => [...files.keys()] as never[],
    info: async (volumeId) => files.get(volumeId) ?? null,
    usage: async () => ({ usedBytes: 0, freeBytes: 1 }),
    // No launch of an image's own disk asks for these.
    get layers(): never {
      throw new Error('fake volumes lie upon no layers')
    },
    content: () => Promise.reject(new Error('fake volumes have no content')),
    withKeys: (file) => file,
  }
}

/** Each look at it is a second later than the one before. */
export function createSteppedClock(): Clock {
  let now = Date.now() - 86_400_000
  return { now: () => (now += 1_000), wait: systemClock.wait }
}
