/**
 * Whether an account lets anybody at the serial consoles of its machines, by region, whatever permissions they have.
 * Unlike on AWS it does until it says otherwise: on a machine of one's own the console is the way in when the network
 * is not.
 */
import { FaultError } from '../domain/faults.ts'
import type { Ctx } from './context.ts'

const nameOf = ({ account, region }: Ctx): string => `serial-access:${account}:${region}`

export async function serialAccess(ctx: Ctx): Promise<boolean> {
  return (await ctx.app.store.setting(nameOf(ctx))) !== 'disabled'
}

export async function serialAccessSet(ctx: Ctx, isEnabled: boolean): Promise<boolean> {
  const text = isEnabled ? 'enabled' : 'disabled'
  await ctx.app.store.transact((tx) => tx.settingPut(nameOf(ctx), text))
  return isEnabled
}

/** @throws Fault `Unauthorized`. */
export async function serialAccessCheck(ctx: Ctx): Promise<void> {
  if (await serialAccess(ctx)) return
  const reason =
    'The account lets nobody at serial consoles in this region (EnableSerialConsoleAccess changes that)'
  throw new FaultError({ type: 'Unauthorized', action: 'serial console', reason })
}
