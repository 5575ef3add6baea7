/** EC2 instances: all their volumes at one instant, and restored to a new instance upon new volumes. */
import { instanceArn, parseArn } from '../../../domain/backup/arn.ts'
import type { RestoreJob } from '../../../domain/backup/records.ts'
import type { InstanceId, SecurityGroupId, VolumeId } from '../../../domain/ids.ts'
import type { FirmwareState } from '../../../domain/machine.ts'
import { instanceStateOf, type Instance } from '../../../domain/instance.ts'
import type { StoreTransaction } from '../../../store/store.ts'
import type { Ctx } from '../../context.ts'
import { instancesTerminate } from '../../instances/lifecycle.ts'
import { instancesRun, instancesRunCheck } from '../../instances/run.ts'
import { groupCreate, groupDelete } from '../../network/groups.ts'
import { scopeOf } from '../../network/scope.ts'
import { snapshotsTakeCheck } from '../../snapshots/take.ts'
import { invalidParameter, reasonOf } from '../faults.ts'
import {
  describeInstance,
  describeVolumes,
  instanceDescriptionOf,
  type InstanceDescription,
} from './described-instance.ts'
import {
  freezeBegin,
  freezeConsistency,
  freezeDescribe,
  freezeEnd,
  freezeSettle,
  snapshotsDrop,
} from './freeze.ts'
import type {
  BackedResource,
  ResourceHandler,
  RestoreState,
  RestoreStep,
  Scope,
} from './handler.ts'
import { instanceMetadata, runRequestOfPoint } from './instance-metadata.ts'
import { volumesRestore, type VolumeToRestore } from './restore-volumes.ts'
import { userTags } from './volumes.ts'
import { volumesOf } from '../../volumes/of-instance.ts'

function idOf(arn: string): InstanceId | undefined {
  const parsed = parseArn(arn)
  const id = parsed?.service === 'ec2' ? /^instance\/(i-\w+)$/.exec(parsed.rest)?.[1] : undefined
  return id as InstanceId | undefined
}

const resourceOf = (instance: Instance): BackedResource => ({
  arn: instanceArn(instance),
  type: 'EC2',
  name: instance.tags.Name ?? null,
  tags: instance.tags,
})

const isThere = (instance: Instance): boolean => instance.intended.state !== 'terminated'

const isOf = (scope: Scope, { account, region }: Instance): boolean =>
  account === scope.account && region === scope.region

/** A machine has this long to answer on its network before a test of its restore has failed. */
const VALIDATION_MS = 15 * 60_000

export const instanceHandler: ResourceHandler = {
  type: 'EC2',
  options: { WindowsVSS: ['enabled', 'disabled'] },
  owns: (arn) => idOf(arn) !== undefined,
  select: async (app, scope) => {
    const reference = { name: 'live', value: 'yes' }
    const instances = await app.store.list('instance', { ...scope, reference })
    return instances.filter(isThere).map(resourceOf)
  },
  find: async (reader, scope, arn) => {
    const instance = await reader.get('instance', idOf(arn) ?? '')
    return instance && isOf(scope, instance) && isThere(instance) ? resourceOf(instance) : undefined
  },
  begin: async (ctx, tx, job) => {
    const instanceId = idOf(job.resourceArn)!
    const instance = await tx.get('instance', instanceId)
    if (!instance || !isThere(instance)) {
      throw invalidParameter(`The instance ${job.resourceArn} does not exist.`)
    }
    if (!['running', 'stopped'].includes(instanceStateOf(instance))) return null
    const request = { instanceId, hasBootVolume: true, excluded: [], areTagsCopied: false }
    const volumes = await snapshotsTakeCheck(ctx, { ...request, description: '' }, tx)
    if (volumes.some((one) => one.attachment?.state !== 'attached')) return null
    const description = await descriptionOf(tx, instance, volumes)
    const labelled = volumes.map((volume) => {
      return { volume, label: volume.attachment!.deviceName }
    })
    return freezeBegin(ctx, tx, job, labelled, { ...description })
  },
  describe: async (app, job, base) => {
    const ready = await freezeDescribe(app, job, base)
    if (ready.state !== 'ready') return ready
    const { instance } = job.frozen!.description as unknown as InstanceDescription
    const firmwareOf = {
      instanceId: idOf(job.resourceArn)!,
      hasTpm: instance.spec.hasTpm ?? false,
    }
    const work = { ...ready.task.work, firmwareOf }
    return { ...ready, task: { ...ready.task, work } }
  },
  settle: freezeSettle,
  end: (tx, job, result) => freezeEnd(tx, job, result !== null),
  consistency: freezeConsistency,
  baselineDrop: (tx, point) => snapshotsDrop(tx, point.baseline ?? []),
  restoreMetadata: instanceMetadata,
  testMetadata: (point, overrides) => {
    const { KeyName: _key, Placement: _placement, ...rest } = instanceMetadata(point)
    const own = { ...rest, DisableApiTermination: 'false', RequireIMDSv2: 'true' }
    return { ...own, ...capitalised(overrides) }
  },
  restoreCheck: async (ctx, point, metadata) => {
    const volumes = new Map<string, VolumeId>()
    const options = { token: 'check', areTagsCopied: false, volumes, firmware: null }
    const request = await runRequestOfPoint(ctx, point, metadata, options)
    await instancesRunCheck(ctx, request).catch((error: unknown) => {
      throw invalidParameter(`Invalid restore metadata. ${reasonOf(error)}`)
    })
  },
  restore,
  validate,
  discard,
}

async function descriptionOf(
  tx: StoreTransaction,
  instance: Instance,
  volumes: Parameters<typeof describeVolumes>[0],
): Promise<InstanceDescription> {
  const reference = { name: 'instance', value: instance.id }
  const interfaces = await tx.list('networkInterface', { reference })
  const image = await tx.get('image', instance.spec.imageId)
  return {
    resourceType: 'EC2',
    resourceArn: instanceArn(instance),
    tags: instance.tags,
    instance: describeInstance(instance, interfaces, image),
    volumes: describeVolumes(volumes),
  }
}

async function restore(step: RestoreStep): Promise<RestoreState> {
  const { ctx, job, point } = step
  const { app } = ctx
  const sizeBytes = point.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  if (typeof job.made.instanceId === 'string') {
    const seen = await launched(ctx, job.made.instanceId, sizeBytes)
    return seen.state === 'done' ? filled(step, seen.arn) : seen
  }
  const volumes = new Map<string, VolumeId>()
  const metadata = job.test ? await isolated(step) : job.metadata
  const options = { token: job.id, areTagsCopied: job.areTagsCopied, volumes, firmware: null }
  const draft = await runRequestOfPoint(ctx, point, metadata, options)
  const zone = await zoneOf(step, draft.interfaces[0]!.subnetId, draft.zone)
  const state = await volumesRestore(step, zone, wantedOf(step))
  if ('state' in state) return state
  for (const [diskId, id] of Object.entries(state.volumes)) volumes.set(diskId, id)
  const known = await firmwareOfPoint(step)
  if ('state' in known) return known
  // In the zone that the volumes are in, whatever subnet that means.
  const whole = { ...options, firmware: known.firmware }
  const request = { ...(await runRequestOfPoint(ctx, point, metadata, whole)), zone }
  try {
    const { instanceIds } = await instancesRun(ctx, request)
    await step.keep({ instanceId: instanceIds[0]! })
  } catch (error) {
    return { state: 'failed', reason: reasonOf(error) }
  }
  app.activate('instances')
  return { state: 'running', doneBytes: sizeBytes }
}

/** What the vault has of the machine's firmware: secrets that no record has in the clear. */
async function firmwareOfPoint({
  point,
  place,
  work,
}: RestoreStep): Promise<{ firmware: FirmwareState | null } | RestoreState> {
  if (instanceDescriptionOf(point).instance.spec.bootMode !== 'uefi') return { firmware: null }
  const wanted = { type: 'firmware', vault: place, pointId: point.id } as const
  const { outcome } = await work('firmware', wanted)
  if (outcome === null) return { state: 'running', doneBytes: point.sizeBytes }
  if (outcome.isDone) return { firmware: outcome.result.firmware ?? null }
  return { state: outcome.isFinal ? 'failed' : 'again', reason: outcome.reason }
}

/** The machine runs; an instant restore is done when its volumes need the vault no more. */
async function filled(step: RestoreStep, arn: string): Promise<RestoreState> {
  const state = await volumesRestore(step, '', wantedOf(step))
  if ('state' in state) return state
  const { isWhole, doneBytes } = state
  return isWhole ? { state: 'done', arn } : { state: 'running', doneBytes, arn }
}

async function launched(ctx: Ctx, id: string, sizeBytes: number): Promise<RestoreState> {
  const instance = await ctx.app.store.get('instance', id)
  if (!instance) return { state: 'failed', reason: `the instance ${id} is gone` }
  const state = instanceStateOf(instance)
  if (state === 'running') return { state: 'done', arn: instanceArn(instance) }
  if (state === 'pending') return { state: 'running', doneBytes: sizeBytes }
  const reason = instance.observed?.detail ?? instance.intended.reasonMessage
  return { state: 'failed', reason: `the restored instance ${id} is ${state}: ${reason}` }
}

async function zoneOf(step: RestoreStep, subnetId: string | null, zone: string | null) {
  const { ctx, point } = step
  const subnet = subnetId && (await ctx.app.store.get('subnet', subnetId))
  return subnet ? subnet.zone : (zone ?? instanceDescriptionOf(point).instance.spec.zone)
}

function wantedOf({ point, job }: RestoreStep): VolumeToRestore[] {
  const { volumes } = instanceDescriptionOf(point)
  return point.disks.flatMap(({ diskId, sizeBytes }): VolumeToRestore[] => {
    const volume = volumes.find((one) => one.volumeId === diskId)
    if (!volume) return []
    const { type, iops, throughputMiBps, isEncrypted, kmsKeyArn, bootFolder } = volume
    const tags = job.areTagsCopied ? userTags(volume.tags) : {}
    const isSameRegion = point.region === kmsKeyArn?.split(':')[3]
    const kmsKeyId = isSameRegion ? kmsKeyArn : null
    const figures = { type, iops, throughputMiBps: throughputMiBps, sizeGiB: volume.sizeGiB }
    return [{ diskId, sizeBytes, ...figures, isEncrypted, kmsKeyId, bootFolder, tags }]
  })
}

/** A test's machine answers to nobody and reaches nobody: its group has no rules at all. */
export async function isolated(step: RestoreStep): Promise<Readonly<Record<string, string>>> {
  const { ctx, job } = step
  const { metadata } = job
  if (metadata.SecurityGroupIds && metadata.SecurityGroupIds !== '[]' && job.made.isOverridden) {
    return metadata
  }
  let groupId = job.made.groupId as string | undefined
  if (groupId === undefined) {
    const subnet = metadata.SubnetId ? await ctx.app.store.get('subnet', metadata.SubnetId) : null
    const name = `restore-test-${job.id}`
    const description = 'A machine that a restore test boots, without a network'
    const groups = await ctx.app.store.list('securityGroup', scopeOf(ctx))
    const known = groups.find((one) => one.name === name)
    const vpcId = subnet?.vpcId ?? null
    const group = known ?? (await groupCreate(ctx, { name, description, vpcId, tags: {} }))
    await ctx.app.store.transact(async (tx) => {
      const now = await tx.get('securityGroup', group.id)
      if (now) await tx.update('securityGroup', { ...now, rules: [] })
      await step.keep({ groupId: group.id }, tx)
    })
    groupId = group.id
  }
  const { VpcId: _vpc, NetworkInterfaces: _interfaces, ...rest } = metadata
  return { ...rest, SecurityGroupIds: JSON.stringify([groupId]) }
}

async function validate(ctx: Ctx, job: RestoreJob) {
  const instance = await ctx.app.store.get('instance', String(job.made.instanceId))
  if (!instance) return { isAlive: false, message: 'The restored instance is gone.' }
  const state = instanceStateOf(instance)
  if (state !== 'running' && state !== 'pending') {
    const reason = instance.observed?.detail ?? instance.intended.reasonMessage
    return { isAlive: false, message: `The restored instance is ${state}: ${reason}` }
  }
  if (instance.isReachable) {
    return { isAlive: true, message: 'The restored instance booted and its guest answered.' }
  }
  const since = job.endedAt ?? job.createdAt
  if (ctx.app.clock.now() - since < VALIDATION_MS) return null
  const minutes = VALIDATION_MS / 60_000
  return { isAlive: false, message: `The guest did not answer within ${minutes} minutes.` }
}

async function discard(ctx: Ctx, job: RestoreJob): Promise<boolean> {
  const id = job.made.instanceId as InstanceId | undefined
  const instance = id && (await ctx.app.store.get('instance', id))
  if (instance && instance.releasedAt === null) {
    if (instance.intended.state !== 'terminated') {
      await ctx.app.store.transact((tx) => volumesGoWith(tx, instance.id))
      await instancesTerminate(ctx, [instance.id])
      ctx.app.activate('instances')
    }
    return false
  }
  const groupId = job.made.groupId as SecurityGroupId | undefined
  if (groupId && (await ctx.app.store.get('securityGroup', groupId))) {
    await groupDelete(ctx, { id: groupId, name: null })
  }
  return true
}

/** Whatever the machine had set: nothing of a test stays. */
async function volumesGoWith(tx: StoreTransaction, instanceId: InstanceId): Promise<void> {
  for (const volume of await volumesOf(tx, instanceId)) {
    const { attachment } = volume
    if (!attachment || attachment.deleteOnTermination) continue
    await tx.update('volume', {
      ...volume,
      attachment: { ...attachment, deleteOnTermination: true },
    })
  }
}

/** Overrides of restore tests are written `instanceType`. */
function capitalised(overrides: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(overrides).map(([key, value]) => {
      const name = key === 'requireImdsV2' ? 'RequireIMDSv2' : key[0]!.toUpperCase() + key.slice(1)
      return [name, value]
    }),
  )
}
