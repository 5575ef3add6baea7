/** Tags of what is known by its ARN: identity providers and MFA devices. */
import type { IamResourceTypes } from '../../domain/iam/entities.ts'
import type { Tags } from '../../domain/resource.ts'
import type { ResourceTypes } from '../../domain/resource-types.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { noSuch } from './faults.ts'

export type ArnKind = 'iamProvider' | 'iamMfaDevice'

const MISSING: Record<ArnKind, (arn: string) => string> = {
  iamProvider: (arn) => `Provider with arn ${arn} not found.`,
  iamMfaDevice: (arn) => `VirtualMFADevice with serial number ${arn} doesn't exist.`,
}

/** @throws NoSuchEntity unless it is the account's. */
export async function byArn<K extends ArnKind>(
  ctx: Ctx,
  kind: K,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<IamResourceTypes[K]> {
  const found = (await reader.get(kind, arn)) as IamResourceTypes[K] | undefined
  if (!found || found.account !== ctx.account) throw noSuch(MISSING[kind](arn))
  return found
}

export async function byArnChange<K extends ArnKind>(
  ctx: Ctx,
  kind: K,
  arn: string,
  change: (found: IamResourceTypes[K]) => IamResourceTypes[K],
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update(kind, change(await byArn(ctx, kind, arn, tx)) as unknown as ResourceTypes[K])
  })
}

export async function byArnTags(
  ctx: Ctx,
  kind: ArnKind,
  arn: string,
  change: (tags: Tags) => Tags,
): Promise<void> {
  await byArnChange(ctx, kind, arn, (found) => ({ ...found, tags: change(found.tags) }))
}
