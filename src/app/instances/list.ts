/** Instances with what belongs to them, read in as few queries as a page of them needs. */
import type { ProfileAssociation } from '../../domain/iam/entities.ts'
import type { Image } from '../../domain/image.ts'
import type { InstanceId, IdOf } from '../../domain/ids.ts'
import type { Instance } from '../../domain/instance.ts'
import type { NetworkInterface, SecurityGroup, Vpc } from '../../domain/network.ts'
import { attachmentsOf, volumeAt, type Volume } from '../../domain/volume.ts'
import type { ListQuery } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { instancesGet } from './lifecycle.ts'

export interface InstanceView {
  instance: Instance
  /** By device index. */
  interfaces: NetworkInterface[]
  volumes: Volume[]
  vpc: Vpc | undefined
  image: Image | undefined
  groupNames: ReadonlyMap<string, string>
  profile: ProfileAssociation | undefined
}

/** All of the account's instances, or those named. @throws Fault `NotFound`. */
export async function instancesFind(
  ctx: Ctx,
  ids: readonly InstanceId[],
  page?: ListQuery['page'],
): Promise<Instance[]> {
  if (ids.length > 0) return await instancesGet(ctx, ids)
  const query = { account: ctx.account, region: ctx.region, ...(page && { page }) }
  return await ctx.app.store.list('instance', query)
}

/** Beyond so many, reading all of an account is cheaper than looking for what belongs to each. */
const NAMED_READS_MAX = 1_001

/**
 * All of the account's instances, a page of them, or those named. @throws Fault `NotFound` for a named one that is
 * not there.
 */
export async function instanceViews(
  ctx: Ctx,
  ids: readonly InstanceId[],
  page?: ListQuery['page'],
): Promise<InstanceView[]> {
  const { store } = ctx.app
  const scope = { account: ctx.account, region: ctx.region }
  const instances = await instancesFind(ctx, ids, page)
  const isPart = (page !== undefined || ids.length > 0) && instances.length <= NAMED_READS_MAX
  const value = instances.map(({ id }) => id as string)
  const query: ListQuery = isPart ? { reference: { name: 'instance', value } } : scope
  const ofInstances = <K extends 'networkInterface' | 'volume' | 'profileAssociation'>(kind: K) =>
    store.list(kind, query)
  const [interfaces, volumes, profiles, vpcs, groups, images] = await Promise.all([
    ofInstances('networkInterface'),
    ofInstances('volume'),
    ofInstances('profileAssociation'),
    store.list('vpc', scope),
    store.list('securityGroup', scope),
    store.list('image', {
      ids: [...new Set(instances.map((instance) => instance.spec.imageId as string))],
    }),
  ])
  const interfacesOf = groupBy(interfaces, (one) => one.attachment?.instanceId)
  // One that several instances have is in each of their lists, once, however often it was read.
  const seen = new Map(volumes.map((volume) => [volume.id, volume]))
  const attached = [...seen.values()].flatMap((volume) =>
    attachmentsOf(volume).map(({ instanceId }) => volumeAt(volume, instanceId)),
  )
  const volumesOf = groupBy(attached, (one) => one.attachment?.instanceId)
  const profileOf = new Map(profiles.map((one) => [one.instanceId, one]))
  const vpcById = new Map<string, Vpc>(vpcs.map((vpc) => [vpc.id, vpc]))
  const imageById = new Map<string, Image>(images.map((image) => [image.id, image]))
  const groupNames = new Map<string, string>(groups.map((g: SecurityGroup) => [g.id, g.name]))
  return instances.map((instance) => ({
    instance,
    interfaces: (interfacesOf.get(instance.id) ?? []).sort(
      (a, b) => a.attachment!.deviceIndex - b.attachment!.deviceIndex,
    ),
    volumes: (volumesOf.get(instance.id) ?? []).sort((a, b) =>
      a.attachment!.deviceName < b.attachment!.deviceName ? -1 : 1,
    ),
    vpc: vpcById.get(instance.spec.vpcId),
    image: imageById.get(instance.spec.imageId),
    groupNames,
    profile: profileOf.get(instance.id),
  }))
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

export type ReservationId = IdOf<'reservation'>
