/** Vaults by id, read once for a list. */
import { scopeOf } from '../../app/network/scope.ts'
import type { Ctx } from '../../app/context.ts'
import type { BackupVault } from '../../domain/backup/records.ts'

export async function vaultsById(ctx: Ctx): Promise<ReadonlyMap<string, BackupVault>> {
  const vaults = await ctx.app.store.list('backupVault', scopeOf(ctx))
  return new Map(vaults.map((vault) => [vault.id, vault]))
}
