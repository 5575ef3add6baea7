/**
 * An account's own defaults of metadata options, by region: what a launch takes when it does not say. Source: EC2 user
 * guide, "Configure instance metadata options for new instances" (order of precedence).
 */
import { invalidValue } from '../domain/faults.ts'
import type { MetadataOptions } from '../domain/instance.ts'
import type { StoreReader } from '../store/store.ts'
import type { Ctx } from './context.ts'

/** Absent: no preference. */
export interface MetadataDefaults extends Partial<MetadataOptions> {
  /** A launch that asks for optional tokens is refused. */
  areTokensEnforced?: boolean
}

const HOPS_MAX = 64

const nameOf = ({ account, region }: Ctx) => `metadata-defaults/${account}/${region}`

export async function metadataDefaults(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<MetadataDefaults> {
  const text = await reader.setting(nameOf(ctx))
  return text === undefined ? {} : (JSON.parse(text) as MetadataDefaults)
}

export type DefaultsChange = {
  [K in keyof MetadataDefaults]?: MetadataDefaults[K] | null
}

/** null: no preference any more; what is not named stays. */
export function metadataDefaultsChanged(
  before: MetadataDefaults,
  change: DefaultsChange,
): MetadataDefaults {
  const { hopLimit } = change
  if (typeof hopLimit === 'number' && (hopLimit < 1 || hopLimit > HOPS_MAX)) {
    throw invalidValue('HttpPutResponseHopLimit', hopLimit, `between 1 and ${HOPS_MAX}, or -1`)
  }
  const entries = Object.entries({ ...before, ...change }).filter(([, value]) => value !== null)
  return Object.fromEntries(entries) as MetadataDefaults
}

export async function metadataDefaultsModify(ctx: Ctx, change: DefaultsChange): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const after = metadataDefaultsChanged(await metadataDefaults(ctx, tx), change)
    await tx.settingPut(nameOf(ctx), JSON.stringify(after))
  })
}
