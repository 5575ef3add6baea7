/**
 * What a burstable instance is launched with when nobody says: standard or unlimited credits, by family, as the account
 * has set it in this region. Source: EC2 user guide, "Set the default credit specification".
 */
import type { InstanceType } from '../../domain/instance-type.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'

export type Credits = 'standard' | 'unlimited'

const nameOf = ({ account, region }: Ctx, family: string): string =>
  `credit-default:${account}:${region}:${family}`

const OF_FAMILY = (family: string): Credits => (family === 't2' ? 'standard' : 'unlimited')

export async function creditDefault(ctx: Ctx, family: string): Promise<Credits> {
  return (await set(ctx, family, ctx.app.store)) ?? OF_FAMILY(family)
}

export async function creditDefaultSet(ctx: Ctx, family: string, credits: Credits): Promise<void> {
  await ctx.app.store.transact((tx) => tx.settingPut(nameOf(ctx, family), credits))
}

/** Of a launch that says nothing; null: as the type's family has it. */
export async function creditsOfLaunch(
  ctx: Ctx,
  reader: StoreReader,
  type: InstanceType,
): Promise<Credits | null> {
  if (!type.isBurstable) return null
  return (await set(ctx, type.name.split('.', 1)[0]!, reader)) ?? null
}

async function set(ctx: Ctx, family: string, reader: StoreReader): Promise<Credits | undefined> {
  return (await reader.setting(nameOf(ctx, family))) as Credits | undefined
}
