/**
 * Targets of a group: registered, deregistered, and how they are. The port for whoever keeps instances in groups (Auto
 * Scaling) is `targetsOfInstances`.
 */
import { attributeOf, groupAttributeTable } from '../../domain/balancers/attributes.ts'
import type { Target, TargetGroup } from '../../domain/balancers/records.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import { vpcCidrs } from '../../domain/network.ts'
import { addressParse, cidrContains, cidrParse } from '../../domain/net/cidr.ts'
import { isIpv6 } from '../../domain/net/blocks.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { elbChange } from './change.ts'
import { elbFault, elbInvalid } from './faults.ts'
import { elbGet } from './find.ts'
import { targetHealth, type TargetHealth } from './health.ts'

/** AWS's default quota. */
const TARGETS_MAX = 1_000
/** Where targets by address may be: RFC 1918 and RFC 6598, as on AWS. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']

export interface TargetName {
  id: string
  port: number | null
  zone: string | null
}

const invalid = (message: string): Error => elbFault('InvalidTargetException', message)

export async function targetsRegister(
  ctx: Ctx,
  groupArn: string,
  names: readonly TargetName[],
): Promise<void> {
  await elbChange(ctx, async (tx) => {
    const group = await elbGet(ctx, 'targetGroup', groupArn, tx)
    if (names.length === 0) throw elbInvalid('At least one target must be specified')
    await namesCheck(ctx, tx, group, names)
    const now = ctx.app.clock.now()
    const targets = new Map(group.targets.map((one) => [keyOf(one), one]))
    for (const { id, port, zone } of names) {
      const made: Target = {
        id,
        port: port ?? group.port,
        zone,
        registeredAt: now,
        drainingSince: null,
      }
      const known = targets.get(keyOf(made))
      // One that drains comes back; one that is in service stays as it is.
      targets.set(keyOf(made), known ? { ...known, drainingSince: null } : made)
    }
    if (targets.size > TARGETS_MAX) {
      const text = `The maximum number of targets in the target group '${group.name}' has been reached`
      throw elbFault('TooManyTargetsException', text)
    }
    await tx.update('targetGroup', { ...group, targets: [...targets.values()] })
  })
}

const keyOf = ({ id, port }: { id: string; port: number }): string => `${id} ${port}`

async function namesCheck(
  ctx: Ctx,
  reader: StoreReader,
  group: TargetGroup,
  names: readonly TargetName[],
): Promise<void> {
  if (group.targetType === 'ip') {
    const vpc = await reader.get('vpc', group.vpcId)
    const own = vpc ? vpcCidrs(vpc).filter((cidr) => !isIpv6(cidr)) : []
    for (const name of names) addressCheck(own, name)
    return
  }
  const bad: string[] = []
  const resting: string[] = []
  for (const { id } of names) {
    const instance = /^i-[0-9a-f]+$/.test(id) ? await reader.get('instance', id) : undefined
    const isOwn = instance?.account === ctx.account && instance.region === ctx.region
    if (!instance || !isOwn || instance.spec.vpcId !== group.vpcId) bad.push(id)
    else if (!['pending', 'running'].includes(instanceStateOf(instance))) resting.push(id)
  }
  if (bad.length > 0) {
    throw invalid(
      `The following targets are not in the target group VPC '${group.vpcId}': '${bad.join("', '")}'`,
    )
  }
  if (resting.length > 0) {
    throw invalid(
      `The following targets are not in a running state and cannot be registered: '${resting.join("', '")}'`,
    )
  }
}

function addressCheck(own: readonly string[], { id, zone }: TargetName): void {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(id))
    throw elbInvalid(`The IP address '${id}' is not a valid IPv4 address`)
  let address
  try {
    address = addressParse(id)
  } catch {
    throw elbInvalid(`The IP address '${id}' is not a valid IPv4 address`)
  }
  const within = (cidr: string): boolean => cidrContains(cidrParse(cidr), address)
  if (own.some(within)) return
  if (!PRIVATE.some(within))
    throw elbInvalid(`The IP address '${id}' is not within a private range`)
  if (zone !== 'all') {
    throw elbInvalid(
      `The IP address '${id}' is outside of the VPC; you must specify 'all' as its Availability Zone`,
    )
  }
}

/** Those that were never there are no error, as on AWS. */
export async function targetsDeregister(
  ctx: Ctx,
  groupArn: string,
  names: readonly TargetName[],
): Promise<void> {
  await elbChange(ctx, async (tx) => {
    const group = await elbGet(ctx, 'targetGroup', groupArn, tx)
    const isMeant = (target: Target): boolean =>
      names.some(({ id, port }) => id === target.id && (port === null || port === target.port))
    await targetsLeave(ctx.app, tx, group, isMeant)
  })
}

/** They take nothing new from now on, and are gone when their time is over; at once where nobody sends to them. */
export async function targetsLeave(
  app: App,
  tx: StoreTransaction,
  group: TargetGroup,
  isMeant: (target: Target) => boolean,
): Promise<void> {
  const isAtOnce = group.balancerId === null || drainMsOf(group) === 0
  const now = app.clock.now()
  const targets = group.targets.flatMap((target): Target[] => {
    if (!isMeant(target)) return [target]
    return isAtOnce ? [] : [{ ...target, drainingSince: target.drainingSince ?? now }]
  })
  await tx.update('targetGroup', { ...group, targets })
}

export function drainMsOf({ protocol, attributes }: TargetGroup): number {
  const name = 'deregistration_delay.timeout_seconds'
  return Number(attributeOf(groupAttributeTable(protocol), attributes, name)) * 1000
}

/** A group's instances, by its ARN, for who keeps them. Errors are those of the operations. */
export interface TargetsOfInstances {
  /** At the group's own port. Those that are there already stay. */
  register(ctx: Ctx, targetGroupArn: string, instanceIds: readonly string[]): Promise<void>
  /** They drain. Those that are not there are no error. */
  deregister(ctx: Ctx, targetGroupArn: string, instanceIds: readonly string[]): Promise<void>
  /** Of all of its instances, also those that drain. */
  health(ctx: Ctx, targetGroupArn: string): Promise<InstanceHealthInGroup[]>
}

export interface InstanceHealthInGroup {
  instanceId: string
  state: TargetHealth['state']
  reason: string | null
  description: string | null
}

const atAnyPort = (id: string): TargetName => ({ id, port: null, zone: null })

export const targetsOfInstances: TargetsOfInstances = {
  register: (ctx, arn, ids) => targetsRegister(ctx, arn, ids.map(atAnyPort)),
  deregister: (ctx, arn, ids) => targetsDeregister(ctx, arn, ids.map(atAnyPort)),
  health: async (ctx, arn) => {
    const group = await elbGet(ctx, 'targetGroup', arn)
    if (group.targetType !== 'instance') return []
    const all = await targetHealth(ctx.app, group)
    return all.map(({ target, state, reason, description }) => {
      return { instanceId: target.id, state, reason, description }
    })
  },
}
