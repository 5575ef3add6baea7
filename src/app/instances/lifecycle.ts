/**
 * Start, stop, reboot, terminate: changes of intent, all instances of a request or none. Source: EC2 API reference
 * (StartInstances, StopInstances, RebootInstances, TerminateInstances), user guide "Instance lifecycle".
 */
import { FaultError, notFound } from '../../domain/faults.ts'
import type { InstanceId } from '../../domain/ids.ts'
import {
  instanceAllows,
  instanceStateOf,
  type Instance,
  type InstanceIntent,
  type InstanceOperation,
  type InstanceState,
} from '../../domain/instance.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import { gpuWishOf } from '../../domain/pci.ts'
import { hostCapacities, placeOrFault, typeChecked } from '../capacity.ts'
import type { App, Ctx } from '../context.ts'
import { publicAddressOf } from '../../domain/network.ts'
import { mayHibernate } from './hibernation.ts'
import { createAddressChooser } from '../network/addresses.ts'
import { volumesOf } from '../volumes/of-instance.ts'

export interface StateChange {
  id: InstanceId
  previous: InstanceState
  current: InstanceState
}

/** The account's instances by id, in the order asked. @throws Fault `NotFound` naming all that are missing. */
export async function instancesGet(
  ctx: Ctx,
  ids: readonly InstanceId[],
  reader: StoreReader = ctx.app.store,
): Promise<Instance[]> {
  const found = await reader.list('instance', { ids, account: ctx.account, region: ctx.region })
  const byId = new Map(found.map((instance) => [instance.id, instance]))
  const missing = ids.filter((id) => !byId.has(id))
  if (missing.length > 0) throw notFound('instance', ...missing)
  return [...new Set(ids)].map((id) => byId.get(id)!)
}

/** What the lifecycle operations refuse, without effects: for `DryRun`. */
export async function instancesCheck(
  ctx: Ctx,
  ids: readonly InstanceId[],
  operation: 'start' | 'stop' | 'reboot' | 'terminate',
): Promise<void> {
  for (const instance of await instancesGet(ctx, ids)) {
    mustAllow(instance, operation)
    if (operation === 'stop') mustNotBeStopProtected(instance)
    if (operation === 'terminate') mustNotBeTerminationProtected(instance)
  }
}

function mustNotBeStopProtected(instance: Instance): void {
  if (!instance.spec.isStopProtected) return
  const attribute = 'disableApiStop'
  throw new FaultError({ type: 'TerminationProtected', instanceId: instance.id, attribute })
}

function mustNotBeTerminationProtected(instance: Instance): void {
  if (!instance.spec.isTerminationProtected || instance.intended.state === 'terminated') return
  const attribute = 'disableApiTermination'
  throw new FaultError({ type: 'TerminationProtected', instanceId: instance.id, attribute })
}

export function instancesStart(ctx: Ctx, ids: readonly InstanceId[]): Promise<StateChange[]> {
  return changeAll(ctx, ids, (tx, instance) => started(ctx.app, tx, instance))
}

async function started(app: App, tx: StoreTransaction, instance: Instance) {
  mustAllow(instance, 'start')
  if (instance.intended.state === 'running') return undefined
  await mustHaveRoot(tx, instance)
  const hosts = await hostCapacities(app, tx)
  const type = typeChecked(app, instance.spec.instanceType, hosts)
  const hostId = placeOrFault({ ...instance.spec, gpus: gpuWishOf(type) }, hosts)
  await publicAddressesAssign(app, tx, instance)
  const intended = wish(app, instance, 'running', { code: 'pending', message: 'pending' })
  const spec = { ...instance.spec, launchedAt: app.clock.now() }
  return { ...instance, hostId, spec, intended }
}

export function instancesStop(
  ctx: Ctx,
  ids: readonly InstanceId[],
  options: { isForced: boolean; isHibernated?: boolean },
): Promise<StateChange[]> {
  return changeAll(ctx, ids, async (_tx, instance) => {
    mustAllow(instance, 'stop')
    mustNotBeStopProtected(instance)
    const { isHibernated = false } = options
    if (isHibernated) mayHibernate(instance)
    const isHarder = options.isForced && !instance.intended.isForced
    const isStopping = instance.intended.state === 'stopped'
    if (isStopping && (!isHarder || instanceStateOf(instance) === 'stopped')) return undefined
    const why = isHibernated ? USER_HIBERNATE : USER_SHUTDOWN
    const intended = wish(ctx.app, instance, 'stopped', why)
    return { ...instance, intended: { ...intended, isForced: options.isForced, isHibernated } }
  })
}

export function instancesTerminate(ctx: Ctx, ids: readonly InstanceId[]): Promise<StateChange[]> {
  return changeAll(ctx, ids, async (_tx, instance) => {
    if (instance.intended.state === 'terminated') return undefined
    mustNotBeTerminationProtected(instance)
    return { ...instance, intended: wish(ctx.app, instance, 'terminated', USER_SHUTDOWN) }
  })
}

/** Within a transaction. @throws Faults when it cannot be started, or there is no room. */
export async function instanceStartIn(
  app: App,
  tx: StoreTransaction,
  instance: Instance,
): Promise<void> {
  const changed = await started(app, tx, instance)
  if (changed) await tx.update('instance', changed)
}

/** Within a transaction, for what stops instances by itself; one that stops already goes on as it does. */
export async function instanceStopIn(
  app: App,
  tx: StoreTransaction,
  id: InstanceId,
  { isHibernated }: { isHibernated: boolean },
): Promise<void> {
  const instance = await tx.get('instance', id)
  if (instance?.intended.state !== 'running') return
  const why = isHibernated ? USER_HIBERNATE : USER_SHUTDOWN
  const intended = { ...wish(app, instance, 'stopped', why), isHibernated }
  await tx.update('instance', { ...instance, intended })
}

/** Within a transaction, for what ends instances by itself; protection is not asked, as with AWS's own services. */
export async function instanceTerminateIn(
  app: App,
  tx: StoreTransaction,
  id: InstanceId,
): Promise<void> {
  const instance = await tx.get('instance', id)
  if (!instance || instance.intended.state === 'terminated') return
  const intended = wish(app, instance, 'terminated', USER_SHUTDOWN)
  await tx.update('instance', { ...instance, intended })
}

export async function instancesReboot(ctx: Ctx, ids: readonly InstanceId[]): Promise<void> {
  await changeAll(ctx, ids, async (_tx, instance) => {
    mustAllow(instance, 'reboot')
    const { intended } = instance
    const serial = intended.serial + 1
    const rebootSerial = intended.rebootSerial + 1
    return { ...instance, intended: { ...intended, serial, rebootSerial } }
  })
}

const USER_SHUTDOWN = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
}

const USER_HIBERNATE = {
  code: 'Client.UserInitiatedHibernate',
  message: 'Client.UserInitiatedHibernate: User initiated hibernate',
}

async function changeAll(
  ctx: Ctx,
  ids: readonly InstanceId[],
  change: (tx: StoreTransaction, instance: Instance) => Promise<Instance | undefined>,
): Promise<StateChange[]> {
  const changes = await ctx.app.store.transact(async (tx) => {
    const result: StateChange[] = []
    for (const instance of await instancesGet(ctx, ids, tx)) {
      const changed = await change(tx, instance)
      if (changed) await tx.update('instance', changed)
      result.push({
        id: instance.id,
        previous: instanceStateOf(instance),
        current: instanceStateOf(changed ?? instance),
      })
    }
    return result
  })
  ctx.app.activate('instances')
  return changes
}

function mustAllow(instance: Instance, operation: InstanceOperation): void {
  if (instanceAllows(instance, operation)) return
  const state = instanceStateOf(instance)
  throw new FaultError({
    type: 'IncorrectState',
    kind: 'instance',
    id: instance.id,
    state,
    operation,
  })
}

/** Its root volume may have been detached while it was stopped. */
async function mustHaveRoot(reader: StoreReader, instance: Instance): Promise<void> {
  const { id, spec } = instance
  const volumes = await volumesOf(reader, id)
  if (volumes.some((volume) => volume.attachment?.deviceName === spec.rootDeviceName)) return
  throw new FaultError({
    type: 'IncorrectState',
    kind: 'instance',
    id,
    state: 'stopped',
    operation: 'start',
    hint: `Instance '${id}' does not have a volume attached at root (${spec.rootDeviceName})`,
  })
}

function wish(
  app: App,
  instance: Instance,
  state: InstanceIntent['state'],
  reason: { code: string; message: string },
): InstanceIntent {
  const since = app.clock.now()
  const stamp = new Date(since).toISOString().slice(0, 19).replace('T', ' ')
  return {
    state,
    isForced: false,
    isHibernated: false,
    restartSerial: instance.intended.restartSerial ?? 0,
    rebootSerial: instance.intended.rebootSerial,
    serial: instance.intended.serial + 1,
    reason: state === 'running' ? '' : `User initiated (${stamp} GMT)`,
    reasonCode: reason.code,
    reasonMessage: reason.message,
    since,
  }
}

/** A new public address for every interface that gets one at launch: EC2 gives another at each start. */
async function publicAddressesAssign(app: App, tx: StoreTransaction, instance: Instance) {
  const chooser = createAddressChooser(tx, app.random, app.settings.publicPool)
  const reference = { name: 'instance', value: instance.id }
  const interfaces = await tx.list('networkInterface', { reference })
  // "It will not receive a new one if there is more than one network interface attached to your instance."
  if (interfaces.length > 1) return
  for (const networkInterface of interfaces) {
    if (!networkInterface.hasPublicOnLaunch || publicAddressOf(networkInterface)) continue
    const publicAddress = await chooser.publicAddress()
    await tx.update('networkInterface', { ...networkInterface, publicAddress })
  }
}
