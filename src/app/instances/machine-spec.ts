/** From an instance's records to what its host is asked. */
import type { Instance } from '../../domain/instance.ts'
import type {
  LaunchIdentity,
  MachineDisk,
  MachineIntent,
  MachineNic,
  MachineSpec,
  VmSpec,
} from '../../domain/machine.ts'
import { hostNameOf, privateDomainOf, type NetworkInterface } from '../../domain/network.ts'
import type { AccountId } from '../../domain/ids.ts'
import { gpuWishOf } from '../../domain/pci.ts'
import { volumeIsLeaving, type Volume } from '../../domain/volume.ts'
import { volumeLimits } from '../../domain/volume-types.ts'
import { sourceOf } from '../volumes/create.ts'
import type { App } from '../context.ts'
import { volumeKeys } from '../volumes/encryption.ts'
import { tpmOpened } from './firmware.ts'
import { volumesOf } from '../volumes/of-instance.ts'

const INTENTS: Readonly<Record<Instance['intended']['state'], MachineIntent>> = {
  running: 'running',
  stopped: 'stopped',
  terminated: 'absent',
}

export async function machineSpecOf(app: App, instance: Instance): Promise<MachineSpec> {
  const reader = app.store
  const mine = { reference: { name: 'instance', value: instance.id } }
  const attached = await volumesOf(reader, instance.id)
  const volumes = attached.filter((volume) => !volumeIsLeaving(volume))
  const interfaces = await reader.list('networkInterface', mine)
  const { rootDeviceName } = instance.spec
  const disks = await Promise.all(volumes.map((one) => diskOf(app, one, rootDeviceName)))
  const type = app.instanceTypes.get(instance.spec.instanceType)
  const spec = specOf(instance, disks, interfaces, {
    diskLimits: app.bandwidth.ebsOf(instance),
    gpus: type ? gpuWishOf(type) : null,
  })
  return { ...spec, firmware: { ...spec.firmware!, ...tpmOpened(app, instance) } }
}

function specOf(
  instance: Instance,
  disks: MachineDisk[],
  interfaces: readonly NetworkInterface[],
  ofType: Pick<VmSpec, 'diskLimits' | 'gpus'>,
): MachineSpec {
  const { spec, intended } = instance
  return {
    instanceId: instance.id,
    account: instance.account as AccountId,
    vpcId: spec.vpcId,
    generation: intended.serial,
    intent: INTENTS[intended.state],
    isForced: intended.isForced,
    isHibernated: intended.isHibernated ?? false,
    rebootSerial: intended.rebootSerial,
    restartSerial: intended.restartSerial ?? 0,
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
      ...ofType,
      hasTpm: spec.hasTpm ?? false,
      pinned: instance.pinned,
    },
    launch: launchOf(instance, interfaces),
    imageFolder: spec.imageFolder,
    firmware: { mode: spec.bootMode, variables: spec.uefiVariables ?? null },
    disks: disks.sort(
      (a, b) => Number(b.isRoot) - Number(a.isRoot) || order(a.deviceName, b.deviceName),
    ),
    nics: interfaces.map(nicOf).sort((a, b) => a.deviceIndex - b.deviceIndex),
  }
}

/** A tag of a launch, for comparison: `brume:launch` = `cold` boots, = `template` passes over what stands by. */
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

export async function diskOf(
  app: App,
  volume: Volume,
  rootDeviceName: string,
): Promise<MachineDisk> {
  const deviceName = volume.attachment!.deviceName
  return {
    volumeId: volume.id,
    deviceName,
    sizeGiB: volume.sizeGiB,
    isRoot: deviceName === rootDeviceName,
    isReadOnly: false,
    source: sourceOf(volume),
    ...(volume.isEncrypted ? { keys: await volumeKeys(app, volume) } : {}),
    ...(volume.isCopied ? { isCopied: true } : {}),
    ...(volume.isMultiAttach ? { isShared: true } : {}),
    ...volumeLimits(volume),
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
