/**
 * RunInstances: everything a launch records — instance, root volume, interfaces, addresses, room on a host, client
 * token — in one transaction, so there is nothing to undo: it is all there or nothing is. The reconciler then makes
 * it real (decision 0002). Answers before any of that.
 */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { imageStateOf, type Image } from '../../domain/image.ts'
import { machineUuidOf } from '../../domain/machine-names.ts'
import { newId, type InstanceId, type IdOf } from '../../domain/ids.ts'
import type { Instance, InstanceSpec } from '../../domain/instance.ts'
import { gpuWishOf } from '../../domain/pci.ts'
import { present } from '../../lib/assert.ts'
import type { Subnet } from '../../domain/network.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { hostCapacities, placeOrFault, typeChecked } from '../capacity.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { associationInsert, profileFind } from '../iam/instance-profiles.ts'
import { imageGet } from '../images/list.ts'
import type { InstanceType } from '../../domain/instance-type.ts'
import { createAddressChooser, type AddressChooser } from '../network/addresses.ts'
import { placementResolve } from '../placement-groups.ts'
import { creditsOfLaunch } from './credit-defaults.ts'
import { cpuOptionsChecked, creditsChecked } from './cpu-options.ts'
import { firmwareOf, tpmSealed, type Firmware } from './firmware.ts'
import { hibernationChecked } from './hibernation.ts'
import { interfacesCreate, interfacesResolve, type ResolvedInterface } from './run-interfaces.ts'
import type { RunRequest } from './run-request.ts'
import { standbyFor } from './standby.ts'
import { volumesCreate, volumesPlanned, volumesTake } from './run-volumes.ts'

/** AWS's default quota of instances in one request is higher; one host is one host. */
const COUNT_MAX = 1_000

export interface RunResult {
  reservationId: IdOf<'reservation'>
  instanceIds: InstanceId[]
}

export async function instancesRun(ctx: Ctx, request: RunRequest): Promise<RunResult> {
  const { app } = ctx
  checkCounts(request)
  const { result, isRepeated } = await app.store.transact((tx) =>
    onceByToken(ctx, tx, 'RunInstances', request.clientToken, () =>
      instancesRecord(ctx, tx, request),
    ),
  )
  if (!isRepeated) {
    app.activate('instances')
    app.log.info({ instances: result.instanceIds, type: request.instanceType }, 'launch accepted')
  }
  return result
}

/** Everything RunInstances checks, without effects: for `DryRun`. */
export async function instancesRunCheck(ctx: Ctx, request: RunRequest): Promise<void> {
  checkCounts(request)
  await resolve(ctx, ctx.app.store as unknown as StoreTransaction, request)
}

function checkCounts(request: RunRequest): void {
  const { minCount, maxCount } = request
  if (minCount < 1) throw invalidValue('MinCount', minCount, 'must be at least 1')
  if (maxCount < minCount) throw invalidValue('MaxCount', maxCount, 'must not be below MinCount')
  if (maxCount > COUNT_MAX) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'instance',
      limit: COUNT_MAX,
      reason: `at most ${COUNT_MAX} instances in one request`,
    })
  }
}

interface Resolved {
  image: Image
  type: InstanceType
  hosts: Awaited<ReturnType<typeof hostCapacities>>
  publicKey: string | null
  interfaces: ResolvedInterface[]
  volumes: Awaited<ReturnType<typeof volumesPlanned>>
  firmware: Firmware
  cpuCredits: InstanceSpec['cpuCredits']
}

async function resolve(ctx: Ctx, tx: StoreTransaction, request: RunRequest): Promise<Resolved> {
  const { app } = ctx
  const image = request.restored?.image ?? (await imageGet(ctx, request.imageId, tx))
  const state = imageStateOf(image)
  if (state !== 'available') {
    const fault = { type: 'IncorrectState', kind: 'image', id: image.id, state } as const
    throw new FaultError({ ...fault, operation: 'RunInstances' })
  }
  const hosts = await hostCapacities(app, tx)
  const type = typeChecked(app, request.instanceType, hosts)
  if (type.architecture !== image.architecture) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['ImageId', 'InstanceType'],
      reason:
        `The architecture '${type.architecture}' of the instance type ${type.name} does not ` +
        `match the architecture '${image.architecture}' of the AMI ${image.id}.`,
    })
  }
  if (request.cpu) cpuOptionsChecked(request.cpu, type)
  creditsChecked(request.options.cpuCredits, type)
  const volumes = request.restored ? [] : await volumesPlanned(ctx, tx, request, image)
  if (request.options.isHibernationEnabled) {
    await hibernationChecked(ctx, tx, type, present(volumes.find(isRootOf(image)), 'a root volume'))
  }
  return {
    image,
    type,
    hosts,
    publicKey: request.restored?.publicKey ?? (await publicKeyOf(ctx, tx, request.keyName)),
    interfaces: await interfacesResolve(ctx, tx, request, type),
    volumes,
    firmware: firmwareOf(app, image, type),
    cpuCredits: request.options.cpuCredits ?? (await creditsOfLaunch(ctx, tx, type)),
  }
}

const isRootOf =
  ({ rootDeviceName }: Image) =>
  ({ deviceName }: { deviceName: string }): boolean =>
    deviceName === rootDeviceName

async function publicKeyOf(
  ctx: Ctx,
  tx: StoreTransaction,
  keyName: string | null,
): Promise<string | null> {
  if (keyName === null) return null
  const keys = await tx.list('keyPair', { account: ctx.account, region: ctx.region })
  const key = keys.find((candidate) => candidate.name === keyName)
  if (!key) throw notFound('keyPair', keyName)
  return key.publicKey
}

/** The launch itself, within a transaction of the caller's, who wakes the reconciler afterwards. */
export async function instancesRecord(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
): Promise<RunResult> {
  const { app } = ctx
  const resolved = await resolve(ctx, tx, request)
  const reservationId = newId('reservation', app.random)
  const chooser = createAddressChooser(tx, app.random, app.settings.publicPool)
  const instanceIds: InstanceId[] = []
  for (let index = 0; index < request.maxCount; index++) {
    try {
      const id = await recordOne(ctx, tx, request, resolved, chooser, { reservationId, index })
      instanceIds.push(id)
    } catch (error) {
      // Between MinCount and MaxCount we launch as many as fit (EC2 API reference, RunInstances).
      const isShort = error instanceof FaultError && error.fault.type === 'CapacityShort'
      if (isShort && index >= request.minCount) break
      throw error
    }
  }
  return { reservationId, instanceIds }
}

async function recordOne(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
  resolved: Resolved,
  chooser: AddressChooser,
  launch: { reservationId: IdOf<'reservation'>; index: number },
): Promise<InstanceId> {
  const { app } = ctx
  const { type, image } = resolved
  const primary = resolved.interfaces[0]!
  const cores = request.cpu?.coreCount ?? type.cores
  const threadsPerCore = request.cpu?.threadsPerCore ?? type.threadsPerCore
  const machine = {
    architecture: type.architecture,
    vcpus: cores * threadsPerCore,
    memoryMiB: type.memoryMiB,
  }
  // Room first: nothing of an instance that does not fit may be written.
  const zone = primary.subnet.zone
  const hostId = placeOrFault(
    { instanceType: type.name, zone, ...machine, gpus: gpuWishOf(type) },
    resolved.hosts,
  )
  const placed = request.placement
    ? await placementResolve(ctx, tx, request.placement, zone)
    : { placementGroup: null }
  const coresPerSocket = cores
  const names = await standbyFor(app, hostId, request, {
    ...{ instanceType: type.name, ...machine, coresPerSocket, threadsPerCore },
    ...{ image, interfaces: resolved.interfaces, volumes: resolved.volumes },
    isPlain: resolved.firmware.bootMode !== 'uefi' && !resolved.firmware.hasTpm,
  })
  const id = names?.instanceId ?? newId('instance', app.random)
  const now = app.clock.now()
  const interfaces = await interfacesCreate(
    ctx,
    tx,
    request,
    resolved.interfaces,
    chooser,
    id,
    names,
  )
  await volumesCreate(ctx, tx, request, resolved.volumes, { instanceId: id, zone }, names)
  if (request.restored) await volumesTake(ctx, tx, request.restored, id)
  const spec: InstanceSpec = {
    ...request.options,
    cpuCredits: resolved.cpuCredits,
    ...placed,
    privateDnsHostnameType:
      request.hostnameType ?? primary.subnet.hostnameTypeOnLaunch ?? 'ip-name',
    resourceNames: resourceNamesOfLaunch(request, primary.subnet),
    ...machine,
    reservationId: launch.reservationId,
    launchIndex: launch.index,
    imageId: image.id,
    instanceType: type.name,
    coresPerSocket,
    threadsPerCore,
    keyName: request.keyName,
    publicKey: resolved.publicKey,
    vpcId: primary.subnet.vpcId,
    subnetId: primary.subnet.id,
    zone,
    rootDeviceName: image.rootDeviceName,
    imageFolder: image.imageFolder,
    ...resolved.firmware,
    ...tpmSealed(app, id, resolved.firmware, request.restored?.tpmState ?? null),
    uuid: names?.uuid ?? machineUuidOf(app.random.bytes(16)),
    userData: request.userData,
    metadata: request.metadata,
    clientToken: request.clientToken,
    interfaceIds: interfaces.map((networkInterface) => networkInterface.id),
    primaryMac: interfaces[0]!.mac,
    launchedAt: now,
  }
  const instance: Instance = {
    id,
    account: ctx.account,
    region: ctx.region,
    generation: 0,
    createdAt: now,
    tags: request.tags.instance,
    spec,
    intended: {
      state: 'running',
      isForced: false,
      rebootSerial: 0,
      serial: 1,
      reason: '',
      reasonCode: 'pending',
      reasonMessage: 'pending',
      since: now,
    },
    observed: null,
    observedSerial: 0,
    isReachable: false,
    reachableSince: null,
    impairedSince: null,
    hostId,
    pinned: null,
    releasedAt: null,
  }
  await tx.insert('instance', instance)
  const profileArn = request.options.iamInstanceProfileArn
  if (profileArn !== null) {
    await associationInsert(ctx, tx, id, await profileFind(ctx, { Arn: profileArn }, tx))
  }
  return id
}

function resourceNamesOfLaunch({ resourceNames }: RunRequest, subnet: Subnet) {
  return { hasA: false, hasAaaa: false, ...subnet.resourceNamesOnLaunch, ...resourceNames }
}
