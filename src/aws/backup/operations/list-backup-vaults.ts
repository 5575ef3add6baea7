/** ListBackupVaults. */
import { pointsCount, vaultsOf } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, presentVault, vaultTypeOf } from '../present-vault.ts'

export default operation<'backup', 'ListBackupVaults'>({
  handle: async (ctx, input, call) => {
    const type = input.ByVaultType
    const vaults = (await vaultsOf(ctx)).filter((one) => !type || vaultTypeOf(one) === type)
    const page = call.page(vaults, { key: (vault) => vault.name, defaultSize: PAGE_SIZE })
    const now = ctx.app.clock.now()
    const shown = page.items.map(async (vault) =>
      presentVault(vault, await pointsCount(ctx.app.store, vault.id), now),
    )
    return { BackupVaultList: await Promise.all(shown), NextToken: page.nextToken }
  },
})
