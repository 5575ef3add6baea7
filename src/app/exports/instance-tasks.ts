/**
 * CreateInstanceExportTask: a stopped instance of one disk as a file for another hypervisor, alone or in an
 * appliance. A snapshot of its root volume is taken for it and goes with the task's end, so the instance may
 * start again at once. Source: EC2 API reference, CreateInstanceExportTask, CancelExportTask; VM Import/Export
 * user guide.
 */
import { FaultError } from '../../domain/faults.ts'
import type { ExportFormat, ExportTask } from '../../domain/export-task.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, ownGet } from '../network/scope.ts'
import { batchId, snapshotOf } from '../snapshots/take.ts'
import { exportsFind, placeCheck } from './tasks.ts'
import { volumesOf } from '../volumes/of-instance.ts'

export interface InstanceExportRequest {
  instanceId: InstanceId
  environment: NonNullable<ExportTask['instance']>['environment']
  format: ExportFormat
  isAppliance: boolean
  bucket: string
  prefix: string
  description: string
  tags: Tags
}

/** The one volume. @throws Faults. */
export async function instanceExportCheck(
  ctx: Ctx,
  request: InstanceExportRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  placeCheck(request)
  if (request.isAppliance && request.format !== 'VMDK') {
    const parameters = ['ContainerFormat', 'DiskImageFormat']
    throw new FaultError({ type: 'InvalidCombination', parameters, reason: 'an OVA holds a VMDK' })
  }
  const instance = await ownGet(ctx, reader, 'instance', request.instanceId)
  const state = instanceStateOf(instance)
  if (state !== 'stopped') {
    const fault = { type: 'IncorrectState', kind: 'instance', id: instance.id, state } as const
    throw new FaultError({ ...fault, operation: 'CreateInstanceExportTask' })
  }
  const [root, ...others] = await volumesOf(reader, instance.id)
  const what = others.length > 0 ? 'of several volumes' : 'with an encrypted volume'
  if (!root || others.length > 0 || root.isEncrypted) {
    throw new FaultError({ type: 'Unsupported', feature: `exporting an instance ${what}` })
  }
  return root
}

export async function instanceExport(
  ctx: Ctx,
  request: InstanceExportRequest,
): Promise<ExportTask> {
  const { app } = ctx
  const task = await app.store.transact(async (tx) => {
    const root = await instanceExportCheck(ctx, request, tx)
    const instance = await ownGet(ctx, tx, 'instance', request.instanceId)
    const digits = Buffer.from(app.random.bytes(9)).toString('hex').slice(0, 17)
    const id = `export-i-${digits}`
    const { made, layer } = snapshotOf(ctx, root, `Created for ${id}`, {}, batchId(ctx))
    await tx.insert('layer', layer)
    await tx.insert('snapshot', made)
    const { environment, format, isAppliance, bucket, prefix, description } = request
    const { vcpus, memoryMiB, imageId } = instance.spec
    const of = { instanceId: instance.id, snapshotId: made.id, environment, isAppliance }
    return tx.insert('exportTask', {
      ...baseOf(ctx, request.tags),
      ...{ id, imageId, format, bucket, prefix, description },
      state: 'active',
      statusMessage: null,
      instance: { ...of, vcpus, memoryMiB },
    })
  })
  app.activate('snapshots')
  app.activate('exports')
  return task
}

/** What is being written is finished and stays; nobody waits for it any more. @throws Faults. */
export async function instanceExportCancel(ctx: Ctx, id: string): Promise<void> {
  const [found] = await exportsFind(ctx, [id], 'instance')
  await ctx.app.store.transact(async (tx) => {
    const task = await tx.get('exportTask', found!.id)
    if (task?.state !== 'active') {
      const message = `The export task ${id} is ${task?.state ?? 'gone'}: it cannot be cancelled`
      throw new FaultError({ type: 'Service', code: 'IncorrectState', message })
    }
    await tx.update('exportTask', { ...task, state: 'cancelled' })
    const snapshot = await tx.get('snapshot', task.instance!.snapshotId)
    if (snapshot && snapshot.state !== 'pending') await tx.remove('snapshot', snapshot)
  })
  ctx.app.activate('layers')
}
