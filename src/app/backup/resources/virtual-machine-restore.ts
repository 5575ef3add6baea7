/**
 * Virtual machines restored: to a hypervisor of the gateway, to a new instance, to volumes. Keys of the metadata and
 * their forms as AWS's. Source: AWS Backup developer guide, "Restoring a virtual machine".
 */
import { createHash } from 'node:crypto'
import type { Hypervisor } from '../../../domain/gateway.ts'
import { instanceArn, volumeArn } from '../../../domain/backup/arn.ts'
import type { RecoveryPoint } from '../../../domain/backup/records.ts'
import type { VolumeId } from '../../../domain/ids.ts'
import { instanceStateOf } from '../../../domain/instance.ts'
import { TYPE_RULES } from '../../../domain/volume-types.ts'
import type { VolumeType } from '../../../domain/volume-type.ts'
import { zonesOf } from '../../../domain/zones.ts'
import type { App, Ctx } from '../../context.ts'
import { arnOf, peek } from '../../gateway/find.ts'
import { machineInsert } from '../../gateway/machines.ts'
import { instancesRun, instancesRunCheck } from '../../instances/run.ts'
import { anyHost } from '../background.ts'
import { invalidParameter, reasonOf } from '../faults.ts'
import { foreignOf, isOwn } from './foreign-machine.ts'
import type { RestoreState, RestoreStep } from './handler.ts'
import { runRequestOfPoint } from './instance-metadata.ts'
import { instanceHandler, isolated } from './instances.ts'
import { volumesRestore, type VolumeToRestore } from './restore-volumes.ts'

type Metadata = Readonly<Record<string, string>>

const HYPERVISOR_KEYS = [
  'RestoreTo',
  'HypervisorArn',
  'VMName',
  'VMPath',
  'ComputeResourceName',
  'VMDatastore',
  'DisksToRestore',
  'ItemsToRestore',
  'vmId',
  'aws:backup:request-id',
]
/** What a restore to EC2 has beside the keys of an instance. */
const VOLUME_KEYS = [
  'RestoreTo',
  'AvailabilityZone',
  'EbsVolumeType',
  'IsEncrypted',
  'KmsKeyId',
  'ItemsToRestore',
  'DisksToRestore',
  'vmId',
]
const TYPE_DEFAULT = 't3.small'

const invalid = (text: string) => invalidParameter(`Invalid restore metadata. ${text}`)

interface DescribedMachine {
  machineId: string
  name: string
  path: string
  hypervisorId: string
}

const machineIn = (point: RecoveryPoint) => point.description.machine as DescribedMachine

export function machineRestoreMetadata(point: RecoveryPoint): Record<string, string> {
  if (isOwn(point)) {
    return { RestoreTo: 'EC2Instance', ...instanceHandler.restoreMetadata(point) }
  }
  const { name, path, hypervisorId, machineId } = machineIn(point)
  const { account, region } = point
  return {
    RestoreTo: 'VMware',
    HypervisorArn: arnOf('hypervisor', { account, region, id: hypervisorId }),
    VMName: name,
    VMPath: path,
    vmId: machineId,
    DisksToRestore: disksText(point),
  }
}

function disksText(point: RecoveryPoint): string {
  return JSON.stringify(point.disks.map(({ diskId, label }) => ({ DiskId: diskId, Label: label })))
}

export function machineTestMetadata(point: RecoveryPoint, overrides: Metadata): Metadata | never {
  if (isOwn(point)) {
    const own = instanceHandler.testMetadata(point, overrides) as Metadata
    return { RestoreTo: 'EC2Instance', ...own }
  }
  const { instanceType = TYPE_DEFAULT, subnetId, vpcId } = overrides
  return {
    RestoreTo: 'EC2Instance',
    InstanceType: instanceType,
    DisableApiTermination: 'false',
    RequireIMDSv2: overrides.requireImdsV2 ?? 'true',
    ...(subnetId === undefined ? {} : { SubnetId: subnetId }),
    ...(vpcId === undefined ? {} : { VpcId: vpcId }),
  }
}

export async function machineRestoreCheck(
  ctx: Ctx,
  point: RecoveryPoint,
  metadata: Metadata,
): Promise<void> {
  const { RestoreTo: to = isOwn(point) ? 'EC2Instance' : 'VMware', ...rest } = metadata
  if (isOwn(point)) {
    if (to !== 'EC2Instance') throw invalid('RestoreTo of a machine of Brume is EC2Instance.')
    return instanceHandler.restoreCheck(ctx, point, rest)
  }
  chosenDisks(point, metadata)
  if (to === 'VMware') return hypervisorCheck(ctx, point, metadata)
  const volumes = volumesWanted(point, metadata)
  if (volumes.some(({ type }) => type === null || !Object.hasOwn(TYPE_RULES, type))) {
    throw invalid(`There is no volume type ${metadata.EbsVolumeType}`)
  }
  zoneOf(ctx, metadata)
  if (to === 'EBSVolume') return
  if (to !== 'EC2Instance') throw invalid('RestoreTo is VMware, EC2Instance or EBSVolume.')
  const request = await requestOf(ctx, point, metadata, { token: 'check', volumes: new Map() })
  await instancesRunCheck(ctx, request).catch((error: unknown) => {
    throw invalid(reasonOf(error))
  })
}

async function hypervisorCheck(ctx: Ctx, point: RecoveryPoint, metadata: Metadata): Promise<void> {
  const unknown = Object.keys(metadata).find((key) => !HYPERVISOR_KEYS.includes(key))
  if (unknown) throw invalid(`Unrecognized key : ${unknown}`)
  const { HypervisorArn: arn = machineRestoreMetadata(point).HypervisorArn!, VMName: name } =
    metadata
  const hypervisor = await peek(ctx, 'hypervisor', arn)
  if (!hypervisor) throw invalid(`The hypervisor ${arn} does not exist.`)
  if (hypervisor.seen.state !== 'ONLINE') {
    throw invalid(`The hypervisor ${hypervisor.name} is ${hypervisor.seen.state}.`)
  }
  if (!name || name.length > 80 || /[/\n]/.test(name)) {
    throw invalid('VMName is the name of the new machine: at most 80 characters without a slash.')
  }
}

/** One step, repeated until it is done or failed. */
export async function machineRestore(step: RestoreStep): Promise<RestoreState> {
  const { point, job } = step
  const { RestoreTo: to, ...rest } = job.metadata
  if (isOwn(point)) return instanceHandler.restore({ ...step, job: { ...job, metadata: rest } })
  if (to === 'EC2Instance') return toInstance(step)
  return to === 'EBSVolume' ? toVolumes(step) : toHypervisor(step)
}

async function toHypervisor(step: RestoreStep): Promise<RestoreState> {
  const { ctx, point, job } = step
  const { HypervisorArn: named, VMName: name = '', VMDatastore: datastore } = job.metadata
  const arn = named ?? machineRestoreMetadata(point).HypervisorArn!
  const hypervisor = await peek(ctx, 'hypervisor', arn)
  if (!hypervisor) return { state: 'failed', reason: `the hypervisor ${arn} is gone` }
  const disks = chosenDisks(point, job.metadata)
  const foreign = await foreignOf(ctx.app, hypervisor.id)
  const { outcome, doneBytes } = await step.work(
    'machine',
    {
      type: 'restore-foreign',
      vault: step.place,
      pointId: point.id,
      foreign: { ...foreign, machineId: '', token: null, isQuiesced: false },
      options: {
        restoreId: job.id,
        name,
        isStarted: 'false',
        disks: JSON.stringify(disks),
        ...(datastore && { datastore }),
      },
    },
    anyHost(ctx.app),
  )
  if (outcome === null) return { state: 'running', doneBytes }
  if (!outcome.isDone) return { state: 'failed', reason: outcome.reason }
  const made = outcome.result['machine'] as { machineId: string; name: string; path: string }
  const { message = null } = outcome.result
  return { state: 'done', arn: await machineRecord(ctx.app, hypervisor, made), message }
}

/** Known before its hypervisor is listed again, so that the job can name it. */
async function machineRecord(
  app: App,
  hypervisor: Hypervisor,
  made: { machineId: string; name: string; path: string },
): Promise<string> {
  const machine = await app.store.transact(async (tx) => {
    const reference = { name: 'hypervisor', value: hypervisor.id }
    const all = await tx.list('gatewayMachine', { reference })
    const known = all.find((one) => one.machineId === made.machineId)
    if (known) return known
    return machineInsert(app, tx, hypervisor, { ...made, hostName: '', words: [], mapped: {} })
  })
  app.activate('machines')
  return arnOf('gatewayMachine', machine)
}

async function toVolumes(step: RestoreStep): Promise<RestoreState> {
  const { ctx, point, job } = step
  const wanted = volumesWanted(point, job.metadata)
  const state = await volumesRestore(step, zoneOf(ctx, job.metadata), wanted)
  if ('state' in state) return state
  const ids = Object.values(state.volumes)
  await ctx.app.store.transact(async (tx) => {
    for (const id of ids) {
      const volume = await tx.get('volume', id)
      if (volume?.isFilling) await tx.update('volume', { ...volume, isFilling: false })
    }
  })
  return { state: 'done', arn: volumeArn({ ...ctx, id: ids[0]! }) }
}

async function toInstance(step: RestoreStep): Promise<RestoreState> {
  const { ctx, point, job } = step
  const sizeBytes = point.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  const known = job.made.instanceId
  if (typeof known === 'string') return launched(ctx, known, sizeBytes)
  const metadata = job.test ? await isolated(step) : job.metadata
  const { SubnetId: subnetId } = metadata
  const subnet = subnetId ? await ctx.app.store.get('subnet', subnetId) : undefined
  const zone = subnet?.zone ?? zoneOf(ctx, metadata)
  const state = await volumesRestore(step, zone, volumesWanted(point, metadata))
  if ('state' in state) return state
  const volumes = new Map<string, VolumeId>(Object.entries(state.volumes))
  try {
    const request = await requestOf(ctx, point, metadata, { token: job.id, volumes })
    const { instanceIds } = await instancesRun(ctx, { ...request, zone })
    await step.keep({ instanceId: instanceIds[0]! })
  } catch (error) {
    return { state: 'failed', reason: reasonOf(error) }
  }
  ctx.app.activate('instances')
  return { state: 'running', doneBytes: sizeBytes }
}

async function launched(ctx: Ctx, id: string, doneBytes: number): Promise<RestoreState> {
  const instance = await ctx.app.store.get('instance', id)
  if (!instance) return { state: 'failed', reason: `the instance ${id} is gone` }
  const state = instanceStateOf(instance)
  if (state === 'running') return { state: 'done', arn: instanceArn(instance) }
  if (state === 'pending') return { state: 'running', doneBytes }
  const reason = instance.observed?.detail ?? instance.intended.reasonMessage
  return { state: 'failed', reason: `the restored instance ${id} is ${state}: ${reason}` }
}

/** The ids of the disks that are wanted. @throws InvalidParameterValueException */
function chosenDisks(point: RecoveryPoint, metadata: Metadata): string[] {
  const text = metadata.DisksToRestore || metadata.ItemsToRestore
  const all = point.disks.map(({ diskId }) => diskId)
  if (!text) return all
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw invalid('DisksToRestore is a JSON list of disks.')
  }
  if (!Array.isArray(given)) throw invalid('DisksToRestore is a JSON list of disks.')
  const ids = given.map((one: { DiskId?: string } | string | null) =>
    typeof one === 'object' ? (one?.DiskId ?? '') : one,
  )
  const unknown = ids.find((id) => !all.includes(id))
  if (unknown !== undefined || ids.length === 0) {
    throw invalid(`DisksToRestore: disks of the recovery point are ${all.join(', ')}.`)
  }
  return ids
}

function volumesWanted(point: RecoveryPoint, metadata: Metadata): VolumeToRestore[] {
  const chosen = chosenDisks(point, metadata)
  const isEncrypted = metadata.IsEncrypted === 'true' || Boolean(metadata.KmsKeyId)
  return point.disks
    .filter(({ diskId }) => chosen.includes(diskId))
    .map(({ diskId, sizeBytes }) => ({
      diskId,
      sizeBytes,
      sizeGiB: null,
      type: (metadata.EbsVolumeType || 'gp3') as VolumeType,
      iops: null,
      throughputMiBps: null,
      isEncrypted,
      kmsKeyId: metadata.KmsKeyId || null,
      // A machine of another hypervisor boots by its own boot loader.
      bootFolder: null,
      tags: {},
    }))
}

/** @throws InvalidParameterValueException */
function zoneOf(ctx: Ctx, metadata: Metadata): string {
  const zones = zonesOf(ctx.region, ctx.app.settings.zones)
  const wanted = metadata.AvailabilityZone
  const zone = wanted ? zones.find(({ name }) => name === wanted) : zones[0]
  if (!zone) throw invalid(`The Availability Zone ${wanted} does not exist.`)
  return zone.name
}

/** As of an instance that had the machine's disks and nothing else that is known. */
async function requestOf(
  ctx: Ctx,
  point: RecoveryPoint,
  metadata: Metadata,
  { token, volumes }: { token: string; volumes: ReadonlyMap<string, VolumeId> },
) {
  const { name, machineId } = machineIn(point)
  const chosen = chosenDisks(point, metadata)
  const disks = point.disks.filter(({ diskId }) => chosen.includes(diskId))
  const hex = createHash('sha256').update(machineId).digest('hex').slice(0, 17)
  const described = {
    ...point.description,
    instance: {
      instanceId: machineId,
      imageName: name,
      tags: { Name: name },
      interfaces: [],
      spec: {
        instanceType: TYPE_DEFAULT,
        imageId: `ami-${hex}`,
        architecture: 'x86_64',
        rootDeviceName: '/dev/sda1',
        bootMode: 'legacy-bios',
        imageFolder: null,
        keyName: null,
        publicKey: null,
        isStopProtected: false,
        autoRecovery: 'default',
        metadata: { isEnabled: true, areTokensRequired: true, hopLimit: 2, areTagsEnabled: false },
      },
    },
    volumes: disks.map(({ diskId }, index) => ({
      volumeId: diskId,
      deviceName: index === 0 ? '/dev/sda1' : `/dev/sd${'fghijklmnop'[index - 1] ?? 'z'}`,
      deleteOnTermination: false,
    })),
  }
  const own = Object.entries(metadata).filter(([key]) => !VOLUME_KEYS.includes(key))
  const options = { token, areTagsCopied: true, volumes, firmware: null }
  const request = Object.fromEntries(own)
  return runRequestOfPoint(ctx, { ...point, description: described }, request, options)
}
