/** Settings of an account: types of resources in use, by region; and the organisation's across accounts. */
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { organisationOfAccount } from '../organisation/tree.ts'
import { invalidParameter, invalidRequest } from './faults.ts'
import { HANDLERS } from './resources/registry.ts'

/** Beside those with handlers: known names that are not kept here. */
export function supportedTypes(): string[] {
  return [...new Set([...HANDLERS.map((handler) => handler.type), 'EC2', 'EBS'])].sort()
}

interface RegionSettings {
  optIn: Record<string, boolean>
  management: Record<string, boolean>
}

const regionName = ({ account, region }: Ctx): string => `backup-region:${account}:${region}`

export async function regionSettings(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<RegionSettings> {
  const text = await reader.setting(regionName(ctx))
  const kept = text ? (JSON.parse(text) as RegionSettings) : { optIn: {}, management: {} }
  const all = (isOn: boolean) => Object.fromEntries(supportedTypes().map((type) => [type, isOn]))
  return {
    optIn: { ...all(true), ...kept.optIn },
    management: { ...all(true), ...kept.management },
  }
}

export async function regionSettingsChange(
  ctx: Ctx,
  change: { optIn: Record<string, boolean>; management: Record<string, boolean> },
): Promise<void> {
  const known = supportedTypes()
  const stray = [...Object.keys(change.optIn), ...Object.keys(change.management)].find(
    (type) => !known.includes(type),
  )
  if (stray !== undefined) throw invalidParameter(`Unsupported resource type: ${stray}`)
  await ctx.app.store.transact(async (tx) => {
    const { optIn, management } = await regionSettings(ctx, tx)
    const next = {
      optIn: { ...optIn, ...change.optIn },
      management: { ...management, ...change.management },
    }
    await tx.settingPut(regionName(ctx), JSON.stringify(next))
  })
}

export async function isOptedIn(ctx: Ctx, type: string): Promise<boolean> {
  return (await regionSettings(ctx)).optIn[type] ?? true
}

/** The one that is served. */
const CROSS_ACCOUNT = 'isCrossAccountBackupEnabled'
const GLOBAL_NAMES = [CROSS_ACCOUNT, 'isMpaEnabled', 'isDelegatedAdministratorEnabled']

const globalName = (account: string): string => `backup-global:${account}`

export async function globalSettings(
  ctx: Ctx,
): Promise<{ settings: Record<string, string>; at: number }> {
  const owner = (await organisationOfAccount(ctx.app.store, ctx.account))?.account ?? ctx.account
  const text = await ctx.app.store.setting(globalName(owner))
  const kept = text
    ? (JSON.parse(text) as { settings: Record<string, string>; at: number })
    : { settings: {}, at: 0 }
  return { ...kept, settings: { [CROSS_ACCOUNT]: 'false', ...kept.settings } }
}

/** By the organisation's management account only. */
export async function globalSettingsChange(
  ctx: Ctx,
  change: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(change)) {
    if (!GLOBAL_NAMES.includes(name)) throw invalidParameter(`Unknown global setting ${name}`)
    if (value !== 'true' && value !== 'false') throw invalidParameter(`${name} is true or false`)
    if (name !== CROSS_ACCOUNT && value === 'true')
      throw invalidParameter(`${name} is not supported`)
  }
  const organisation = await organisationOfAccount(ctx.app.store, ctx.account)
  if (organisation?.account !== ctx.account) {
    throw invalidRequest(
      'Only the management account of an organization can change global settings',
    )
  }
  const { settings } = await globalSettings(ctx)
  const text = JSON.stringify({ settings: { ...settings, ...change }, at: ctx.app.clock.now() })
  await ctx.app.store.transact((tx) => tx.settingPut(globalName(ctx.account), text))
}

/** Whether backups may go from one account to another: of one organisation that wants it. */
export async function mayCopyAcross(ctx: Ctx, account: string): Promise<boolean> {
  const { store } = ctx.app
  const from = await organisationOfAccount(store, ctx.account)
  const to = await organisationOfAccount(store, account)
  if (!from || from.id !== to?.id) return false
  return (await globalSettings(ctx)).settings[CROSS_ACCOUNT] === 'true'
}
