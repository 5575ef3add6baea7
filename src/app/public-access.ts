/**
 * Block public access: whether an account, in a region, shares snapshots or images with everybody. Whoever has not said
 * anything may. Source: EBS user guide, "Block public access for snapshots"; EC2 user guide, "for AMIs".
 */
import { FaultError } from '../domain/faults.ts'
import type { StoreReader } from '../store/store.ts'
import type { Ctx } from './context.ts'

/** `block-all-sharing`: what is public already is treated as private. */
export type PublicAccess = 'unblocked' | 'block-new-sharing' | 'block-all-sharing'

export type PublicKind = 'snapshot' | 'image'

const nameOf = (kind: PublicKind, account: string, region: string): string =>
  `public-access-${kind}:${account}:${region}`

export async function publicAccess(
  ctx: Ctx,
  kind: PublicKind,
  reader: StoreReader = ctx.app.store,
  account: string = ctx.account,
): Promise<PublicAccess> {
  const text = await reader.setting(nameOf(kind, account, ctx.region))
  return text ? (text as PublicAccess) : 'unblocked'
}

export async function publicAccessSet(
  ctx: Ctx,
  kind: PublicKind,
  access: PublicAccess,
): Promise<PublicAccess> {
  await ctx.app.store.transact((tx) => tx.settingPut(nameOf(kind, ctx.account, ctx.region), access))
  return access
}

/** @throws Fault `NotPermitted` when the caller's account shares nothing new with everybody. */
export async function publicAccessCheck(
  ctx: Ctx,
  kind: PublicKind,
  id: string,
  reader: StoreReader,
): Promise<void> {
  if ((await publicAccess(ctx, kind, reader)) === 'unblocked') return
  const reason = `Block public access for ${kind}s is enabled in this region: ${id} cannot be public`
  throw new FaultError({ type: 'NotPermitted', kind, id, reason })
}
