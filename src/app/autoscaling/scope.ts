/** In whose name Auto Scaling works when nobody is asking, and how its records are found. */
import type { ScalingGroup, ScalingInstance } from '../../domain/autoscaling/records.ts'
import { groupNameOf } from '../../domain/autoscaling/arn.ts'
import type { RandomSource } from '../../domain/ids.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { groupMissing } from './faults.ts'

export const ROLE_NAME = 'AWSServiceRoleForAutoScaling'

export function linkedRoleArn(account: string): string {
  return `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/${ROLE_NAME}`
}

/** As the account itself: what was asked for was allowed when it was asked (aws/autoscaling/authorisation.ts). */
export function scalingCtx(app: App, place: { account: string; region: string }): Ctx {
  const { account, region } = place
  const arn = `arn:aws:iam::${account}:root`
  const principal = { type: 'root', arn, id: account, accessKeyId: 'autoscaling' } as const
  return { app, account, region, principal, requestId: 'autoscaling', requestHash: 'autoscaling' }
}

/** A UUID of version 4 from the app's randomness. */
export function newUuid(random: RandomSource): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** By name or ARN. @throws the service's ValidationError. */
export async function groupGet(
  ctx: Ctx,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<ScalingGroup> {
  const found = await groupFind(ctx, name, reader)
  if (!found) throw groupMissing(name)
  return found
}

export async function groupFind(
  { app, account, region }: Ctx,
  name: string,
  reader: StoreReader = app.store,
): Promise<ScalingGroup | undefined> {
  const reference = { name: 'name', value: groupNameOf(name) }
  return (await reader.list('scalingGroup', { account, region, reference }))[0]
}

export async function instancesOf(
  reader: StoreReader,
  groupId: string,
): Promise<ScalingInstance[]> {
  return reader.list('scalingInstance', { reference: { name: 'group', value: groupId } })
}
