/** EBS volumes: backed up alone, and restored to new volumes. */
import { parseArn, volumeArn } from '../../../domain/backup/arn.ts'
import { GIB } from '../../../domain/backup/sizes.ts'
import type { RecoveryPoint } from '../../../domain/backup/records.ts'
import type { Tags } from '../../../domain/resource.ts'
import { TYPE_RULES } from '../../../domain/volume-types.ts'
import { attachmentsOf, volumeStateOf, type Volume } from '../../../domain/volume.ts'
import type { VolumeType } from '../../../domain/volume-type.ts'
import { zonesOf } from '../../../domain/zones.ts'
import { volumeDelete } from '../../volumes/create.ts'
import { volumeShapeChecked } from '../../volumes/shape.ts'
import { invalidParameter } from '../faults.ts'
import { freezeBegin, freezeDescribe, freezeEnd, freezeSettle, snapshotsDrop } from './freeze.ts'
import type { BackedResource, ResourceHandler, Scope } from './handler.ts'
import { INSTANT_KEY, volumesRestore, type VolumeToRestore } from './restore-volumes.ts'

/** What the manifest says of a volume. */
export interface DescribedVolume {
  volumeId: string
  deviceName: string | null
  zone: string
  sizeGiB: number
  type: VolumeType
  iops: number | null
  throughputMiBps: number | null
  isEncrypted: boolean
  kmsKeyArn: string | null
  bootFolder: string | null
  deleteOnTermination: boolean
  tags: Tags
}

export function describeVolume(volume: Volume): DescribedVolume {
  const { zone, sizeGiB, type, throughputMiBps, isEncrypted, tags } = volume
  // What a type has by itself is not to be asked of it.
  const iops = TYPE_RULES[type].iops ? volume.iops : null
  return {
    volumeId: volume.id,
    deviceName: volume.attachment?.deviceName ?? null,
    zone,
    sizeGiB,
    type,
    iops,
    throughputMiBps,
    isEncrypted,
    kmsKeyArn: volume.encryption?.keyArn ?? null,
    bootFolder:
      volume.bootFolder ??
      (volume.source && 'imageFolder' in volume.source ? volume.source.imageFolder : null),
    deleteOnTermination: volume.attachment?.deleteOnTermination ?? false,
    tags,
  }
}

export function userTags(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:')))
}

const resourceOf = (volume: Volume): BackedResource => ({
  arn: volumeArn(volume),
  type: 'EBS',
  name: volume.tags.Name ?? null,
  tags: volume.tags,
})

function idOf(arn: string): string | undefined {
  const parsed = parseArn(arn)
  return parsed?.service === 'ec2' ? /^volume\/(vol-\w+)$/.exec(parsed.rest)?.[1] : undefined
}

const KEYS = [
  'availabilityZone',
  'volumeType',
  'volumeSize',
  'iops',
  'throughput',
  'encrypted',
  'kmsKeyId',
  'volumeId',
  'aws:backup:request-id',
  INSTANT_KEY,
]

export const volumeHandler: ResourceHandler = {
  type: 'EBS',
  options: {},
  owns: (arn) => idOf(arn) !== undefined,
  select: async (app, scope) => {
    const volumes = await app.store.list('volume', scope)
    return volumes.filter((one) => one.intended === 'present').map(resourceOf)
  },
  find: async (reader, scope, arn) => {
    const volume = await reader.get('volume', idOf(arn) ?? '')
    return volume && isOf(scope, volume) && volume.intended === 'present'
      ? resourceOf(volume)
      : undefined
  },
  begin: async (ctx, tx, job) => {
    const volume = await tx.get('volume', idOf(job.resourceArn) ?? '')
    if (!volume || volume.intended === 'absent') {
      throw invalidParameter(`The volume ${job.resourceArn} does not exist.`)
    }
    const state = volume.isMaterialised ? volumeStateOf(volume) : 'creating'
    const isMoving = attachmentsOf(volume).some((one) => one.state !== 'attached')
    if (state === 'creating' || isMoving) return null
    const description = {
      resourceType: 'EBS',
      resourceArn: job.resourceArn,
      tags: volume.tags,
      volumes: [describeVolume(volume)],
    }
    const label = volume.attachment?.deviceName ?? volume.id
    return freezeBegin(ctx, tx, job, [{ volume, label }], description)
  },
  describe: freezeDescribe,
  settle: freezeSettle,
  end: (tx, job, result) => freezeEnd(tx, job, result !== null),
  baselineDrop: (tx, point) => snapshotsDrop(tx, point.baseline ?? []),
  restoreMetadata: (point) => {
    const volume = volumeOf(point)
    return {
      volumeId: volume.volumeId,
      availabilityZone: volume.zone,
      volumeType: volume.type,
      volumeSize: String(volume.sizeGiB),
      encrypted: String(volume.isEncrypted),
      ...(volume.iops === null ? {} : { iops: String(volume.iops) }),
      ...(volume.throughputMiBps === null ? {} : { throughput: String(volume.throughputMiBps) }),
      ...(volume.kmsKeyArn === null ? {} : { kmsKeyId: volume.kmsKeyArn }),
    }
  },
  testMetadata: (point, overrides) => ({
    ...volumeHandler.restoreMetadata(point),
    ...overrides,
  }),
  restoreCheck: async (ctx, point, metadata) => {
    const unknown = Object.keys(metadata).find((key) => !KEYS.includes(key))
    if (unknown) throw invalidParameter(`Invalid restore metadata. Unrecognized key : ${unknown}`)
    const zone = metadata.availabilityZone
    const zones = zonesOf(ctx.region, ctx.app.settings.zones)
    if (zone && !zones.some((one) => one.name === zone)) {
      throw invalidParameter(
        `Invalid restore metadata. The Availability Zone ${zone} does not exist.`,
      )
    }
    const wanted = wantedOf(point, metadata)
    volumeShapeChecked({ ...wanted, snapshotSizeGiB: volumeOf(point).sizeGiB })
  },
  restore: async (step) => {
    const { point, job, ctx } = step
    const zones = zonesOf(ctx.region, ctx.app.settings.zones)
    const zone = job.metadata.availabilityZone ?? volumeOf(point).zone
    const there = zones.find((one) => one.name === zone) ?? zones[0]!
    const wanted = wantedOf(point, job.metadata)
    const tags = job.areTagsCopied ? userTags(volumeOf(point).tags) : {}
    const state = await volumesRestore(step, there.name, [{ ...wanted, tags }])
    if ('state' in state) return state
    const id = state.volumes[wanted.diskId]!
    await ctx.app.store.transact(async (tx) => {
      const volume = await tx.get('volume', id)
      if (volume?.isFilling) await tx.update('volume', { ...volume, isFilling: false })
    })
    const arn = volumeArn({ ...ctx, id })
    const { isWhole, doneBytes } = state
    return isWhole ? { state: 'done', arn } : { state: 'running', doneBytes, arn }
  },
  validate: async () => ({
    isAlive: true,
    message: 'The volume was restored whole, every chunk checked.',
  }),
  discard: async (ctx, job) => {
    const id = idOf(job.createdResourceArn ?? '')
    const volume = await ctx.app.store.get('volume', id ?? '')
    if (volume?.intended === 'present') await volumeDelete(ctx, volume.id)
    return volume === undefined
  },
}

function isOf(scope: Scope, { account, region }: Volume): boolean {
  return account === scope.account && region === scope.region
}

function volumeOf(point: RecoveryPoint): DescribedVolume {
  return (point.description.volumes as DescribedVolume[])[0]!
}

function wantedOf(
  point: RecoveryPoint,
  metadata: Readonly<Record<string, string>>,
): VolumeToRestore {
  const volume = volumeOf(point)
  const type = (metadata.volumeType ?? volume.type) as VolumeType
  if (!Object.hasOwn(TYPE_RULES, type)) {
    throw invalidParameter(`Invalid restore metadata. There is no volume type ${type}`)
  }
  const isSameType = type === volume.type
  const disk = point.disks[0]!
  return {
    diskId: disk.diskId,
    sizeBytes: disk.sizeBytes,
    sizeGiB: numberOf('volumeSize', metadata) ?? Math.ceil(disk.sizeBytes / GIB),
    type,
    iops: numberOf('iops', metadata) ?? (isSameType ? volume.iops : null),
    throughputMiBps:
      numberOf('throughput', metadata) ?? (isSameType ? volume.throughputMiBps : null),
    isEncrypted:
      (metadata.encrypted ?? String(volume.isEncrypted)) === 'true' ||
      metadata.kmsKeyId !== undefined,
    kmsKeyId: metadata.kmsKeyId ?? null,
    bootFolder: volume.bootFolder,
    tags: {},
  }
}

export function numberOf(key: string, metadata: Readonly<Record<string, string>>): number | null {
  const text = metadata[key]
  if (text === undefined || text === '') return null
  if (!/^\d+$/.test(text))
    throw invalidParameter(`Invalid restore metadata. ${key} is no number: ${text}`)
  return Number(text)
}
