/** From an instance's records to what its host is asked. */
import type { Instance } from '../../domain/instance.ts'
import type {
  LaunchIdentity,
  MachineDisk,
  MachineIntent,
  MachineNic,
  MachineSpec,
} from '../../domain/machine.ts'
import { hostNameOf, privateDomainOf, type NetworkInterface } from '../../domain/network.ts'
import type { AccountId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import { volumeIsLeaving, type Volume } from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'

const INTENTS: Readonly<Record<Instance['intended']['state'], MachineIntent>> = {
  running: 'running',
  stopped: 'stopped',
  terminated: 'absent',
}

export async function machineSpecOf(reader: StoreReader, instance: Instance): Promise<MachineSpec> {
  const mine = { reference: { name: 'instance', value: instance.id } }
  const attached = await reader.list('volume', mine)
  const volumes = attached.filter((volume) => !volumeIsLeaving(volume))
  const interfaces = await reader.list('networkInterface', mine)
  const snapshotIds = volumes.flatMap((volume) => (volume.snapshotId ? [volume.snapshotId] : []))
  const snapshots = await reader.list('snapshot', { ids: snapshotIds })
  return specOf(instance, volumes, interfaces, new Map(snapshots.map((s) => [s.id as string, s])))
}

function specOf(
  instance: Instance,
  volumes: readonly Volume[],
  interfaces: readonly NetworkInterface[],
  snapshots: ReadonlyMap<string, Snapshot>,
): MachineSpec {
  const { spec, intended } = instance
  return {
    instanceId: instance.id,
    account: instance.account as AccountId,
    vpcId: spec.vpcId,
    generation: intended.serial,
    intent: INTENTS[intended.state],
    isForced: intended.isForced,
    rebootSerial: intended.rebootSerial,
    vm: {
      instanceId: instance.id,
      instanceType: spec.instanceType,
      uuid: spec.uuid,
      architecture: spec.architecture,
      vcpus: spec.vcpus,
      coresPerSocket: spec.coresPerSocket,
      threadsPerCore: spec.threadsPerCore,
      memoryMiB: spec.memoryMiB,
      cpuQuotaPercent: null,
      pinned: instance.pinned,
    },
    launch: launchOf(instance, interfaces),
    imageFolder: spec.imageFolder,
    disks: volumes
      .map((volume) => diskOf(volume, spec.rootDeviceName, snapshots))
      .sort((a, b) => Number(b.isRoot) - Number(a.isRoot) || order(a.deviceName, b.deviceName)),
    nics: interfaces.map(nicOf).sort((a, b) => a.deviceIndex - b.deviceIndex),
  }
}

/** A tag of a launch that wants its machine to boot, for comparison: `brume:launch` = `cold`. */
export const LAUNCH_TAG = 'brume:launch'

/** What a copy of a template is told; without a metadata service a guest is told nothing, as on EC2, and so boots. */
function launchOf(
  instance: Instance,
  interfaces: readonly NetworkInterface[],
): LaunchIdentity | null {
  const { spec, tags } = instance
  const primary = interfaces.find((one) => one.attachment?.deviceIndex === 0)
  if (!primary || !spec.metadata.isEnabled || tags[LAUNCH_TAG] === 'cold') return null
  const { userData, publicKey } = spec
  return { hostName: privateNameOf(instance, primary.privateAddresses[0]!), publicKey, userData }
}

/** A volume with an attachment as its machine's disk. */
export function nicOf(networkInterface: NetworkInterface): MachineNic {
  return {
    interfaceId: networkInterface.id,
    subnetId: networkInterface.subnetId,
    deviceIndex: networkInterface.attachment?.deviceIndex ?? 0,
    mac: networkInterface.mac,
    privateAddress: networkInterface.privateAddresses[0]!,
  }
}

export function diskOf(
  volume: Volume,
  rootDeviceName: string,
  snapshots: ReadonlyMap<string, Snapshot>,
): MachineDisk {
  const deviceName = volume.attachment!.deviceName
  const snapshot = volume.snapshotId ? snapshots.get(volume.snapshotId) : undefined
  return {
    volumeId: volume.id,
    deviceName,
    sizeGiB: volume.sizeGiB,
    isRoot: deviceName === rootDeviceName,
    isReadOnly: false,
    source: snapshot ? { imageId: snapshot.id, ...snapshot.source } : null,
    iopsMax: volume.iops,
    throughputMaxMiBps: volume.throughputMiBps,
  }
}

/** As the metadata service's `local-hostname` says it. */
function privateNameOf({ id, region, spec }: Instance, address: string): string {
  const host = spec.privateDnsHostnameType === 'resource-name' ? id : hostNameOf(address)
  return `${host}.${privateDomainOf(region)}`
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
