/**
 * Another root volume for a running instance: as it was launched, as a snapshot of its root has it, or of
 * another image. The volume is made first; then, in one transaction, it takes the old one's place and the
 * instance begins anew with it (reconcilers/root-tasks.ts). The old one stays, unless it is to go. Source: EC2
 * API reference, CreateReplaceRootVolumeTask; user guide, "Replace the root volume for an instance without
 * stopping it".
 */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type ImageId, type InstanceId, type SnapshotId } from '../../domain/ids.ts'
import { imageStateOf, type Snapshot } from '../../domain/image.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import { rootTaskIsOver, type RootTask } from '../../domain/root-task.ts'
import type { Tags } from '../../domain/resource.ts'
import { volumeIsLeaving, type Volume } from '../../domain/volume.ts'
import { present } from '../../lib/assert.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { imageGet } from '../images/list.ts'
import { baseOf, ownGet, scopeOf } from '../network/scope.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { contentOf } from './create.ts'
import { encryptionPlan, volumeEncrypted, type EncryptionRequest } from './encryption.ts'
import { volumesOf } from './of-instance.ts'

export interface RootReplaceRequest {
  instanceId: InstanceId
  /** Neither: as it was launched. */
  snapshotId: SnapshotId | null
  imageId: ImageId | null
  isOldDeleted: boolean
  clientToken: string | null
  tags: Tags
}

interface RootPlan {
  instance: Instance
  old: Volume
  made: Volume
  encryption: EncryptionRequest
  bootFolder: string | null
}

/** What would be made; no effects. @throws Faults. */
export async function rootReplacePlan(
  ctx: Ctx,
  request: RootReplaceRequest,
  reader: StoreReader = ctx.app.store,
): Promise<RootPlan> {
  const { instanceId, snapshotId, imageId } = request
  if (snapshotId && imageId) {
    const parameters = ['SnapshotId', 'ImageId']
    throw new FaultError({ type: 'InvalidCombination', parameters, reason: 'name one of them' })
  }
  const instance = await ownGet(ctx, reader, 'instance', instanceId)
  const state = instanceStateOf(instance)
  const fault = { type: 'IncorrectState', kind: 'instance', id: instanceId, state } as const
  const operation = 'CreateReplaceRootVolumeTask'
  if (state !== 'running') throw new FaultError({ ...fault, operation })
  const tasks = await tasksOf(reader, instanceId)
  if (tasks.some((task) => !rootTaskIsOver(task))) {
    throw new FaultError({ ...fault, operation, hint: 'its root volume is being replaced' })
  }
  const attached = (await volumesOf(reader, instanceId)).filter((one) => !volumeIsLeaving(one))
  const { rootDeviceName } = instance.spec
  const old = present(
    attached.find((one) => one.attachment?.deviceName === rootDeviceName),
    'the root volume of a running instance',
  )
  const snapshot = await sourceOf(ctx, reader, request, { instance, old, tasks })
  if (snapshot.sizeGiB > old.sizeGiB) {
    const reason = `larger (${snapshot.sizeGiB} GiB) than the root volume (${old.sizeGiB} GiB)`
    throw invalidValue(imageId ? 'ImageId' : 'SnapshotId', imageId ?? snapshot.id, reason)
  }
  const encryption = {
    isEncrypted: old.isEncrypted || null,
    keyId: snapshot.encryption ? null : (old.encryption?.keyArn ?? null),
  }
  const content = contentOf(snapshot)
  const made: Volume = {
    ...baseOf(ctx, old.tags),
    id: newId('volume', ctx.app.random),
    zone: old.zone,
    sizeGiB: old.sizeGiB,
    type: old.type,
    iops: old.iops,
    throughputMiBps: old.throughputMiBps,
    ...(await encryptionPlan(ctx, reader, encryption, snapshot)),
    snapshotId: snapshot.id,
    ...content,
    intended: 'present',
    isMaterialised: false,
    attachment: null,
  }
  return { instance, old, made, encryption, bootFolder: content.bootFolder ?? null }
}

/** The snapshot that the new volume is made of. */
async function sourceOf(
  ctx: Ctx,
  reader: StoreReader,
  { snapshotId, imageId }: RootReplaceRequest,
  { instance, old, tasks }: { instance: Instance; old: Volume; tasks: readonly RootTask[] },
): Promise<Snapshot> {
  if (imageId) {
    const image = await imageGet(ctx, imageId, reader)
    const isFit =
      imageStateOf(image) === 'available' &&
      image.architecture === instance.spec.architecture &&
      image.bootMode !== (instance.spec.bootMode === 'uefi' ? 'legacy-bios' : 'uefi')
    const root = image.blockDevices.find((one) => one.deviceName === image.rootDeviceName)
    if (!isFit || !root?.snapshotId) {
      const reason = "it must be available, of the instance's architecture and boot mode"
      throw invalidValue('ImageId', imageId, reason)
    }
    return present(await reader.get('snapshot', root.snapshotId), 'the snapshot of an image')
  }
  if (snapshotId) {
    const snapshot = await snapshotGet(ctx, snapshotId, reader)
    const roots = [old.id, ...tasks.map((task) => task.oldVolumeId)]
    if (roots.includes(snapshot.volumeId as Volume['id'])) return snapshot
    const reason = 'it must have been taken of a root volume of this instance'
    throw invalidValue('SnapshotId', snapshotId, reason)
  }
  const snapshot = old.snapshotId && (await reader.get('snapshot', old.snapshotId))
  if (!snapshot) throw notFound('snapshot', old.snapshotId ?? 'of the launch')
  return snapshot
}

export async function rootReplace(ctx: Ctx, request: RootReplaceRequest): Promise<RootTask> {
  const { app } = ctx
  const { result } = await app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CreateReplaceRootVolumeTask', request.clientToken, async () => {
      const { instance, old, made, encryption, bootFolder } = await rootReplacePlan(
        ctx,
        request,
        tx,
      )
      await tx.insert('volume', await volumeEncrypted(ctx, tx, made, encryption))
      const digits = Buffer.from(app.random.bytes(9)).toString('hex').slice(0, 17)
      return tx.insert('rootTask', {
        ...baseOf(ctx, request.tags),
        id: `replacevol-${digits}`,
        instanceId: instance.id,
        state: 'pending',
        snapshotId: request.snapshotId,
        imageId: request.imageId,
        oldVolumeId: old.id,
        newVolumeId: made.id,
        bootFolder: { old: instance.spec.imageFolder, new: bootFolder },
        isOldDeleted: request.isOldDeleted,
        serial: null,
        startedAt: app.clock.now(),
        completedAt: null,
      })
    }),
  )
  app.activate('volumes')
  app.activate('rootTasks')
  return result
}

function tasksOf(reader: StoreReader, instanceId: InstanceId): Promise<RootTask[]> {
  return reader.list('rootTask', { reference: { name: 'instance', value: instanceId } })
}

/** @throws Fault `NotFound`. */
export async function rootTasksFind(ctx: Ctx, ids: readonly string[]): Promise<RootTask[]> {
  const tasks = await ctx.app.store.list('rootTask', scopeOf(ctx))
  const missing = ids.find((id) => !tasks.some((task) => task.id === id))
  if (missing !== undefined) throw notFound('rootTask', missing)
  return ids.length === 0 ? tasks : tasks.filter((task) => ids.includes(task.id))
}
