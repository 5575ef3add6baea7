/**
 * One launch of a group's: the EC2 instance, its record in the group and the activity are one transaction, so that a
 * crash leaves all of it or nothing, and nothing is ever launched twice. What cannot be launched is a failed activity
 * and a pause before the next attempt. Where one spot or type has no room, the next one is tried.
 */
import { isCounted } from '../../domain/autoscaling/capacity.ts'
import { spotsInOrder, type Spot } from '../../domain/autoscaling/choose.ts'
import type {
  InstanceLaunch,
  LaunchOverride,
  LaunchSource,
  ScalingGroup,
  TemplateChoice,
} from '../../domain/autoscaling/records.ts'
import {
  launchCause,
  launchDescription,
  poolLaunchCause,
  replacementCause,
} from '../../domain/autoscaling/words.ts'
import { FaultError, type FaultType } from '../../domain/faults.ts'
import type { InstanceId, SubnetId } from '../../domain/ids.ts'
import type { LaunchTemplateData } from '../../domain/launch-template.ts'
import { present } from '../../lib/assert.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { instancesRecord } from '../instances/run.ts'
import type { RunRequest } from '../instances/run-request.ts'
import { versionNumber } from '../launch-templates.ts'
import { ownGet } from '../network/scope.ts'
import { activityInsert } from './activities.ts'
import { invalid } from './faults.ts'
import { failuresMore, GROUP_TAG } from './lives.ts'
import { isInPool, needOf, poolNeedOf, type Need } from './need.ts'
import { instanceNotice } from './notify.ts'
import { scalingCtx } from './scope.ts'
import { sourceOf, viewOf, type GroupView } from './view.ts'

/** Another spot or type may do where these are the reason. */
const TRY_NEXT: ReadonlySet<FaultType> = new Set([
  'CapacityShort',
  'NoFreeAddress',
  'TypeUnsupported',
])
const ATTEMPTS_MAX = 24

export interface LaunchPlan {
  request: RunRequest
  launch: InstanceLaunch
  weight: number
  spot: Spot
}

/** @throws Faults. */
export async function planLaunch(
  ctx: Ctx,
  source: LaunchSource,
  options: { override: LaunchOverride | null; spot: Spot; placementGroup: string | null },
): Promise<LaunchPlan> {
  const { app } = ctx
  const { override, spot, placementGroup } = options
  const { parameters, launch } = await parametersOf(ctx, source, override)
  const request = await app.launches.requestOf(ctx, {
    ...parameters,
    ...(placementGroup !== null && { Placement: { GroupName: placementGroup } }),
  })
  return { request: placed(request, spot), launch, weight: override?.weight ?? 1, spot }
}

async function parametersOf(
  ctx: Ctx,
  source: LaunchSource,
  override: LaunchOverride | null,
): Promise<{ parameters: LaunchTemplateData; launch: InstanceLaunch }> {
  if (source.type === 'configuration') {
    const { name } = source
    const found = await configurationFind(ctx, ctx.app.store, name)
    return { parameters: found.data, launch: { type: 'configuration', name } }
  }
  const choice = override?.template ?? source.template
  const { version, template } = await versionOf(ctx, ctx.app.store, choice)
  const parameters = {
    LaunchTemplate: { LaunchTemplateId: choice.templateId, Version: String(version) },
    ...(override && { InstanceType: override.instanceType }),
    ...(override?.imageId && { ImageId: override.imageId }),
  }
  const { id: templateId, name: templateName } = template
  return {
    parameters,
    launch: { type: 'template', templateId, templateName, version: String(version) },
  }
}

export async function configurationFind(ctx: Ctx, reader: StoreReader, name: string) {
  const { account, region } = ctx
  const reference = { name: 'name', value: name }
  const [found] = await reader.list('scalingLaunch', { account, region, reference })
  if (found) return found
  throw invalid(`Launch configuration name not found - Launch configuration ${name} not found`)
}

/** The number that the choice means now. */
export async function versionOf(ctx: Ctx, reader: StoreReader, choice: TemplateChoice) {
  const template = await ownGet(ctx, reader, 'launchTemplate', choice.templateId)
  return { template, version: versionNumber(template, choice.version ?? '$Default') }
}

function placed(request: RunRequest, { subnetId, zone }: Spot): RunRequest {
  return {
    ...request,
    minCount: 1,
    maxCount: 1,
    clientToken: null,
    zone: subnetId === null ? zone : null,
    interfaces: request.interfaces.map((one) =>
      one.deviceIndex === 0 && one.interfaceId === null
        ? { ...one, subnetId: subnetId as SubnetId | null }
        : one,
    ),
  }
}

export async function spotsOf(reader: StoreReader, group: Pick<ScalingGroup, 'configuration'>) {
  const { subnetIds, zones } = group.configuration
  if (subnetIds.length === 0) return zones.map((zone): Spot => ({ zone, subnetId: null }))
  const subnets = await reader.list('subnet', { ids: subnetIds })
  return subnets.map(({ id, zone }): Spot => ({ zone, subnetId: id }))
}

/** @returns whether there is another one to launch at once: not after a failure. */
export async function launchOne(view: GroupView, into: Into = 'group'): Promise<boolean> {
  const { app, group } = view
  const ctx = scalingCtx(app, group)
  const beside = into === 'pool' ? isInPool : isCounted
  const where = view.instances.filter(beside).map((one) => ({
    zone: one.zone,
    subnetId: view.ec2.get(one.id)?.spec.subnetId ?? null,
  }))
  const spots = spotsInOrder(await spotsOf(app.store, group), where)
  const source = sourceOf(view)
  const overrides =
    source.type === 'mixed' && source.overrides.length > 0 ? source.overrides : [null]
  // For the sake of balance elsewhere would be no use, and would never end.
  const isForBalance = into === 'group' && isRebalancing(view)
  const places = isForBalance ? spots.slice(0, 1) : spots
  const choices = overrides.flatMap((override) => places.map((spot) => ({ override, spot })))
  let failure = invalid('The group has no subnet or Availability Zone that is still there.')
  for (const { override, spot } of choices.slice(0, ATTEMPTS_MAX)) {
    try {
      const { placementGroup } = group.configuration
      const plan = await planLaunch(ctx, source, { override, spot, placementGroup })
      const isDone = await app.store.transact((tx) => launchWrite(ctx, tx, group.id, plan, into))
      if (isDone) app.activate('instances')
      return isDone
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      failure = error
      if (!TRY_NEXT.has(error.fault.type)) break
    }
  }
  await launchFailed(view, failure, into)
  return false
}

/** Where an instance goes that is launched. */
export type Into = 'group' | 'pool'

const roomOf = (view: GroupView, into: Into): Pick<Need, 'missing' | 'capacity'> =>
  into === 'pool' ? poolNeedOf(view) : needOf(view)

const isRebalancing = (view: GroupView): boolean =>
  needOf(view).capacity >= view.group.configuration.desired &&
  view.instances.some(({ replace }) => replace?.reason === 'rebalance')

/** @returns false when it is not wanted any more. */
async function launchWrite(
  ctx: Ctx,
  tx: StoreTransaction,
  groupId: string,
  plan: LaunchPlan,
  into: Into,
): Promise<boolean> {
  const { app } = ctx
  const view = await viewOf(app, tx, groupId)
  if (!view) return false
  const { group, now } = view
  const { missing, capacity } = roomOf(view, into)
  if (missing <= 0) return false
  const { instanceIds } = await instancesRecord(ctx, tx, tagged(plan.request, group))
  const id = present(instanceIds[0], 'an instance')
  const activity = await activityInsert(app, tx, group, {
    description: launchDescription(id, into === 'pool' ? ' into warm pool' : ''),
    cause: causeOf(view, capacity, capacity + plan.weight, into),
    status: 'PreInService',
    progress: 30,
    details: {
      ...(plan.spot.subnetId !== null && { 'Subnet ID': plan.spot.subnetId }),
      'Availability Zone': plan.spot.zone,
    },
  })
  await instanceInsert(tx, group, id, {
    launch: plan.launch,
    weight: plan.weight,
    activityId: activity.id,
    at: now,
    ...(into === 'pool' && { isWarmed: true }),
  })
  return true
}

export async function instanceInsert(
  tx: StoreTransaction,
  group: ScalingGroup,
  id: InstanceId,
  made: {
    launch: InstanceLaunch | null
    weight: number
    activityId: string
    at: number
    isWarmed?: true
  },
): Promise<void> {
  const ec2 = present(await tx.get('instance', id), 'the instance')
  await tx.insert('scalingInstance', {
    id,
    account: group.account,
    region: group.region,
    generation: 0,
    createdAt: made.at,
    tags: {},
    groupId: group.id,
    groupName: group.name,
    state: 'Pending',
    stateSince: made.at,
    isHealthy: true,
    isProtected: group.configuration.areNewProtected,
    launch: made.launch,
    instanceType: ec2.spec.instanceType,
    imageId: ec2.spec.imageId,
    zone: ec2.spec.zone,
    weight: made.weight,
    activityId: made.activityId,
    inServiceAt: null,
    waits: [],
    replace: null,
    targetGroupArns: [],
    ...(made.isWarmed && { isWarmed: true }),
  })
}

function tagged(request: RunRequest, group: ScalingGroup): RunRequest {
  const own = group.groupTags.filter(({ isPropagated }) => isPropagated)
  const instance = {
    ...request.tags.instance,
    ...Object.fromEntries(own.map(({ key, value }) => [key, value])),
    [GROUP_TAG]: group.name,
  }
  return { ...request, tags: { ...request.tags, instance } }
}

/** Why it is launched: the group's own reason, else the instance that it stands in for. */
function causeOf(
  { group, instances, now }: GroupView,
  from: number,
  to: number,
  into: Into,
): string {
  if (into === 'pool') return poolLaunchCause(now, from, to)
  const isReplacing = instances.some(({ replace }) => replace?.reason === 'unhealthy')
  if (group.cause === '' && isReplacing) return replacementCause(now)
  return launchCause(now, group.cause, from, to)
}

async function launchFailed(view: GroupView, failure: FaultError, into: Into): Promise<void> {
  const { app, now } = view
  const { capacity } = roomOf(view, into)
  const said = app.launches.words(failure)
  const words = `${said}${said.endsWith('.') ? '' : '.'} Launching EC2 instance failed.`
  const cause = causeOf(view, capacity, capacity + 1, into)
  await app.store.transact(async (tx) => {
    const group = await resourceChange(tx, 'scalingGroup', view.group.id, (one) =>
      into === 'pool' && one.warmPool
        ? { ...one, warmPool: { ...one.warmPool, failures: failuresMore(one.warmPool, now) } }
        : { ...one, failures: failuresMore(one, now) },
    )
    if (!group) return
    await activityInsert(app, tx, group, {
      description: `Launching a new EC2 instance${into === 'pool' ? ' into warm pool' : ''}`,
      cause,
      status: 'Failed',
      progress: 100,
      message: words,
      isEnded: true,
    })
  })
  app.log.warn({ group: view.group.name, reason: words }, 'a scaling group could not launch')
  instanceNotice(view.group, null, 'LAUNCH_ERROR', words)(app)
}
